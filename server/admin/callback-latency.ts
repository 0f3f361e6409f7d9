import type { Registry } from 'prom-client';
import type { Journal, JournalEvent } from '../journal.ts';

/** From an answer at once, past the service's 5 s, its last retry, and a receiver's rest, to a dead letter that was replayed. */
const BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600];

/** How many receivers have a group of their own; the others share `other`. Each costs a series for every bucket and topic. */
const MAX_GROUPS = 50;

/**
 * Puts the latency of callbacks on a registry (reference, D6): lane time from the change of status, or from a replay, to the
 * acknowledgement. The topic is what happened, as in the header `op-type`; the group is who is told, the receiver's origin. It counts
 * what the journal holds now and all that follows.
 */
export async function measureCallbacks(journal: Journal, registers: Registry[]): Promise<void> {
  const { Histogram } = await import('prom-client');
  const latency = new Histogram({
    name: 'seedance_mock_callback_latency_seconds',
    help: 'Lane time from a new status to the acknowledgement of its callback, by topic (op-type) and group (receiver).',
    labelNames: ['topic', 'group'],
    buckets: BUCKETS_SECONDS,
    registers,
  });
  const groups = new Set<string>();
  const groupOf = (url: string): string => {
    const { origin } = new URL(url);
    if (groups.size < MAX_GROUPS) groups.add(origin);
    return groups.has(origin) ? origin : 'other';
  };
  const observe = (event: JournalEvent) => {
    if (event.type !== 'callback.answered' || event.latencyMs === undefined) return;
    // The first copy is the news; what comes again says how long it took to come again.
    if (event.copy !== undefined) return;
    latency.observe({ topic: event.opType, group: groupOf(event.url) }, event.latencyMs / 1_000);
  };
  for (const event of journal.events('callback.answered')) observe(event);
  journal.subscribe(observe);
}
