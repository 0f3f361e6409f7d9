import { z } from 'zod';
import type { JournalEvent } from '../../journal.ts';
import { duration, renderDuration } from '../../scenario/duration.ts';
import { type Call, REPEATED_WITHIN_MS } from '../calls.ts';
import { defineCheck, fail, inconclusive, many, type Now, pass } from '../check.ts';
import { type Connection, hasFailed, isCutAtStart } from '../facts.ts';
import type { Tally } from '../tally.ts';

/** However a call failed, its client wanted the answer that it wanted. */
export const recoversWithin = defineCheck({
  name: 'recovers-within',
  summary: 'Gets through in the end: a call that failed succeeds within a bounded time.',
  definition: `Of each logical call whose first attempt failed (its answer did not come whole, or was 408, 425, 429, 500, 502, 503 or 504), measures from
that failure to the end of the first attempt that did not fail. Longer than \`within\` is *too late*; a call that never got there is *gave up*.
So it does from a connection that was cut before its first request, by whatever but silence, to the end of the client's next request that did not
fail: what the client wanted to ask is not known, but that it did not get to. One whose last attempt has no answer yet is neither while it may
still be in time, and then *too late*.
A client whose PINGs kept a connection that would have been idle for longer than the service allows passes where nothing failed: that is why nothing did.
A create that was cut and is not repeated is no failure where its task exists: that is what \`no-duplicate-creates\` asks for. Inconclusive
where no call failed and no connection was cut so, or only some of which it cannot be told whose of several clients they were.`,
  params: z.strictObject({
    within: duration({ minMs: 1, maxMs: REPEATED_WITHIN_MS })
      .default(60_000)
      .describe('The longest time from the first failure to success.'),
  }),
  expects: ({ within }) => `each call that failed to succeed within ${renderDuration(within)}`,
  client: {
    watch(tally, { within }, { time }) {
      const inService = new Set<Connection>();
      const outage = new Outage();
      return {
        outage,
        request() {
          outage.asked++;
        },
        answered(request) {
          const { answer, connection } = request;
          if (!answer || hasFailed(request)) return;
          inService.add(connection);
          if (outage.first) outage.note(tally, within, time.between(outage.first, answer), [answer.seq]);
          outage.end();
        },
        ended(connection) {
          inService.delete(connection);
          // With another connection, on which it gets through, it has missed a spare one.
          if (connection.ended && isCutAtStart(connection) && inService.size === 0) outage.add(connection.ended);
        },
        keptAlive(_connection, ping) {
          tally.note('kept', [ping.seq]);
        },
        callOver(call) {
          noteCall(tally, call, within, { time });
        },
      };
    },
    judge(tally, { within }, { time, latest, openCalls, openConnections }, { outage }) {
      let waits = false;
      for (const call of openCalls) {
        noteCall(tally, call, within, { time, latest });
        waits ||= call.underWay > 0;
      }
      for (const { requests } of openConnections) waits ||= requests === 0;
      if (outage.first && waits)
        noteOpen(tally, within, time.between(outage.first, latest), 'a connection', outage.events);
      // What it asked for since has failed as a call of its own.
      else if (outage.first && outage.asked === 0)
        tally.note('gave up', outage.events, 0, `a connection after ${many(outage.cuts, 'attempt')}`);

      const [recovered, late, open, gaveUp] = [
        tally.of('recovered'),
        tally.of('too late'),
        tally.of('open'),
        tally.of('gave up'),
      ];
      const failed = recovered.count + open.count + gaveUp.count;
      const kept = tally.of('kept').count;
      if (failed === 0 && kept > 0)
        return pass(`its PINGs kept a connection ${many(kept, 'time')} that would have been idle for too long`, {
          ...tally.proofs('kept'),
          figures: { failed, kept },
        });
      if (failed === 0) return inconclusive('no call or connection of it failed, or none that did is over yet');
      // Of two attempts at a time one may have its answer before the other fails.
      const longestMs = Math.max(0, recovered.most?.value ?? 0, open.most?.value ?? 0);
      const hasCome = recovered.count + open.count > 0;
      const figures = { failed, recovered: recovered.count, ...(hasCome && { longestMs }) };
      const [first] = gaveUp.first;
      if (first)
        return fail(`gave up ${first.what} (${gaveUp.count} of ${many(failed, 'failure')})`, {
          finding: 'gave up',
          hint: 'Try again, on a new connection and with backoff; a GET may always be repeated.',
          ...tally.proofs('gave up'),
          figures,
          provisional: true,
        });
      if (late.most)
        return fail(`took ${late.most.what} (${late.count} of ${many(failed, 'failure')})`, {
          finding: 'too late',
          hint: 'Cap the backoff, and bound each attempt with a time-out of its own.',
          ...tally.proofs('too late'),
          figures,
        });
      return pass(`got through after ${many(failed, 'failure')}, within ${seconds(longestMs)} at most`, {
        ...tally.proofs('recovered'),
        figures,
      });
    },
  },
});

/** Connections in a row that were cut before their first request, until the client gets through with something. */
class Outage {
  first: JournalEvent<'connection.ended'> | undefined;
  cuts = 0;
  /** Requests since the first cut. */
  asked = 0;
  events: number[] = [];

  add(cut: JournalEvent<'connection.ended'>): void {
    if (!this.first) this.asked = 0;
    this.first ??= cut;
    this.cuts++;
    if (this.events.length < EVENTS_KEPT) this.events.push(cut.seq);
  }

  note(tally: Tally, within: number, ms: number, events: readonly number[]): void {
    noteRecovered(tally, within, ms, 'a connection', [...this.events, ...events]);
  }

  end(): void {
    this.first = undefined;
    this.cuts = 0;
    this.events = [];
  }
}

const EVENTS_KEPT = 20;

function noteRecovered(tally: Tally, within: number, ms: number, what: string, events: readonly number[]): void {
  tally.note('recovered', events, ms);
  if (ms > within) tally.note('too late', events, ms, `${seconds(ms)} to get ${what} through`);
}

/** What is still under way is too late once it is, and before that it is neither. */
function noteOpen(tally: Tally, within: number, ms: number, what: string, events: readonly number[]): void {
  if (ms <= within) return;
  tally.note('open', events, ms);
  tally.note('too late', events, ms, `${seconds(ms)} up to now to get ${what} through`);
}

/** @param now where it may not be over yet */
function noteCall(
  tally: Tally,
  { method, path, attempts, underWay, failure, success, lostTask }: Call,
  within: number,
  { time, latest }: Pick<Now, 'time'> & Partial<Pick<Now, 'latest'>>,
): void {
  if (!failure) return;
  const what = `${method} ${path}`;
  if (success) noteRecovered(tally, within, time.between(failure, success), what, [failure.seq, success.seq]);
  else if (lostTask) return;
  else if (latest && underWay > 0) noteOpen(tally, within, time.between(failure, latest), what, [failure.seq]);
  else tally.note('gave up', [failure.seq], 0, `${what} after ${many(attempts, 'attempt')}`);
}

const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
