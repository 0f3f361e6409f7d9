import type { Registry } from 'prom-client';
import type { JournalEvent } from '../journal.ts';
import type { Recording } from '../recording/recording.ts';
import { taskStatuses } from '../seedance/task.ts';
import type { World } from '../world.ts';
import { measureCallbacks } from './callback-latency.ts';
import { mergeBeyond, reuseByClient } from './reuse.ts';
import { summarizeTasks } from './task-routes.ts';

/** The labels of an event's series, or nothing when events of its type are not counted. */
function countedAs(event: JournalEvent): readonly [name: string, labels: string] | undefined {
  switch (event.type) {
    case 'response.sent':
      return ['seedance_mock_responses_total', `${event.status}`];
    case 'connection.opened':
      return ['seedance_mock_connections_opened_total', ''];
    case 'connection.ended':
      return ['seedance_mock_connections_ended_total', `${event.by} ${event.how}`];
    case 'listener.full':
      return ['seedance_mock_listener_full_total', ''];
    case 'rule.applied':
      return ['seedance_mock_rules_applied_total', event.rule];
    case 'fault.injected':
      return ['seedance_mock_faults_injected_total', event.fault];
    case 'dns.query':
      return ['seedance_mock_dns_queries_total', event.rcode];
    case 'receiver.paused':
      return ['seedance_mock_receivers_paused_total', event.receiver];
    case 'dead-letter.archived':
      return ['seedance_mock_dead_letters_archived_total', event.class];
    case 'bug':
      return ['seedance_mock_bugs_total', ''];
    default:
      return undefined;
  }
}

type Measured = Pick<World, 'lane' | 'connections' | 'tasks' | 'callbacks'>;

/** What Prometheus scrapes: a reader of the journal that keeps plain tallies and renders them when asked. */
export function createMetrics(world: Measured, recording?: Pick<Recording, 'lost'>) {
  const { lane } = world;
  const tallies = new Map<string, Map<string, number>>();
  lane.journal.subscribe((event) => {
    const [name, labels] = countedAs(event) ?? [];
    if (name === undefined || labels === undefined) return;
    const tally = tallies.get(name) ?? tallies.set(name, new Map()).get(name);
    tally?.set(labels, (tally.get(labels) ?? 0) + 1);
  });

  let registry: Promise<Registry> | undefined;
  return async (): Promise<{ readonly contentType: string; readonly text: string }> => {
    registry ??= createRegistry(world, tallies, recording);
    const made = await registry;
    return { contentType: made.contentType, text: await made.metrics() };
  };
}

/** How many clients have a series of their own; the others share `other`. */
const MAX_CLIENTS = 200;

/** Loads the library when it is first asked for: few servers are ever scraped, and each would start the later for it. */
async function createRegistry(
  world: Measured,
  tallies: ReadonlyMap<string, ReadonlyMap<string, number>>,
  recording: Pick<Recording, 'lost'> | undefined,
): Promise<Registry> {
  const { lane, tasks, callbacks } = world;
  const { Counter, Gauge, Registry } = await import('prom-client');
  const registry = new Registry();
  const registers = [registry];
  const count = (name: string, help: string, labelNames: readonly string[] = []) =>
    new Counter({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const [labels, total] of tallies.get(name) ?? []) {
          const values = labels.split(' ');
          // Fault names hold spaces: a single label takes the text whole.
          this.inc(
            labelNames.length === 1
              ? { [labelNames[0] ?? '']: labels }
              : Object.fromEntries(labelNames.map((label, at) => [label, values[at] ?? ''])),
            total,
          );
        }
      },
    });
  count('seedance_mock_responses_total', 'Responses whose last byte was written, by status.', ['status']);
  count('seedance_mock_connections_opened_total', 'TCP connections accepted.');
  count('seedance_mock_connections_ended_total', 'Connections that ended, by whom and how.', ['by', 'how']);
  count('seedance_mock_listener_full_total', 'Times a port began to drop connections: too few descriptors.');
  count('seedance_mock_rules_applied_total', 'Connections ended by a service rule.', ['rule']);
  count('seedance_mock_faults_injected_total', 'Faults injected, by the name the scenario gives them.', ['fault']);
  count('seedance_mock_dns_queries_total', 'DNS queries, by what they were told.', ['rcode']);
  count('seedance_mock_receivers_paused_total', 'Times a receiver of callbacks was taken out of rotation.', [
    'receiver',
  ]);
  count('seedance_mock_dead_letters_archived_total', 'Callbacks that were never acknowledged, by retry class.', [
    'class',
  ]);
  count('seedance_mock_bugs_total', 'Failures of the mock itself.');
  new Gauge({
    name: 'seedance_mock_connections',
    help: 'Connections open now, to the service and to the storage.',
    registers,
    collect() {
      this.set(world.connections.size);
    },
  });
  new Gauge({
    name: 'seedance_mock_storage_connections',
    help: 'Connections to the storage that are open now.',
    registers,
    collect() {
      this.set([...world.connections.values()].filter(({ storage }) => storage).length);
    },
  });
  new Gauge({
    name: 'seedance_mock_connection_reuse_ratio',
    help: 'Share of requests on a connection that had had one before, by client, over what the journal holds.',
    labelNames: ['client'],
    registers,
    collect() {
      this.reset();
      const clients = mergeBeyond(reuseByClient(lane.journal), MAX_CLIENTS);
      for (const { client, ratio } of clients) this.set({ client }, ratio);
    },
  });
  new Gauge({
    name: 'seedance_mock_tasks',
    help: 'Tasks kept, by status.',
    labelNames: ['status'],
    registers,
    collect() {
      for (const status of taskStatuses)
        this.set({ status }, tasks.all().filter((task) => task.status === status).length);
    },
  });
  new Gauge({
    name: 'seedance_mock_task_success_ratio',
    help: 'Share of the tasks kept that succeeded, of those that succeeded, failed, expired or were dropped.',
    registers,
    collect() {
      this.set(summarizeTasks(tasks.all()).successRate ?? Number.NaN);
    },
  });
  new Gauge({
    name: 'seedance_mock_dead_letters',
    help: 'Dead letters kept.',
    registers,
    collect() {
      this.set(callbacks.deadLetters.list().length);
    },
  });
  await measureCallbacks(lane.journal, registers);
  new Gauge({
    name: 'seedance_mock_journal_dropped',
    help: 'Journal events that made room for newer ones.',
    registers,
    collect() {
      this.set(lane.journal.dropped);
    },
  });
  if (!recording) return registry;
  new Counter({
    name: 'seedance_mock_recording_lost_events_total',
    help: 'Events of all lanes that the recording does not hold.',
    registers,
    collect() {
      this.reset();
      this.inc(recording.lost);
    },
  });
  return registry;
}
