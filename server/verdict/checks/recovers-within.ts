import { z } from 'zod';
import type { JournalEvent } from '../../journal.ts';
import { duration, renderDuration } from '../../scenario/duration.ts';
import { keep, Recent } from '../bounded.ts';
import { type Call, REPEATED_WITHIN_MS } from '../calls.ts';
import { defineCheck, doubtful, fail, inconclusive, many, type Now, pass } from '../check.ts';
import { type Connection, hasFailed, isCutAtStart, isLeft, isLeftSilent, type Request } from '../facts.ts';
import type { Following } from '../following.ts';
import type { Tally } from '../tally.ts';

/** However a call failed, its client wanted the answer that it wanted. */
export const recoversWithin = defineCheck({
  name: 'recovers-within',
  summary: 'Gets through in the end: a call that failed succeeds within a bounded time.',
  definition: `Of each logical call whose first attempt failed (its answer did not come whole, or was 408, 425, 429, 500, 502, 503 or 504), measures from
that failure to the end of the first attempt that did not fail. Longer than \`within\` is *too late*; a call that never got there is *gave up*.
A failed answer is also one that a fault made unreadable, or kept from arriving. It also measures from a connection that the service cut before its first
request, unless for the client's silence, or that a fault did not serve until the client left it (frozen, never answered, a handshake that hangs), to
the end of the client's next request that did not fail. One whose last attempt has no answer yet is neither while it may still be in time, and then *too late*.
A client whose PINGs kept a connection that would have been idle for longer than the service allows passes where nothing failed: that is why nothing did.
A GET that was sent later and answered counts as well, before or after the failure; it does for a lost DELETE of that task, too. So does a List
that names the task (\`filter.task_ids\`): it does not follow a task, but it answers what the Get asked.
A create that was cut and is not repeated is no failure where its task exists: that is what \`no-duplicate-creates\` asks for. The client got
through once it follows that task. Inconclusive
where a client left a call on which a fault was at work and then asked for nothing more: it gave up, or it had ended; where another client went on to ask for the task of a Get that failed;
where a List of all tasks came in place of that Get;
where a create that failed was followed by one that differs in \`seed\` or \`safety_identifier\` alone: another attempt, or another video; where no call failed and no connection was cut so, or where several clients may have opened those connections.`,
  params: z.strictObject({
    within: duration({ minMs: 1, maxMs: REPEATED_WITHIN_MS })
      .default(60_000)
      .describe('The longest time from the first failure to success.'),
  }),
  expects: ({ within }) => `each call that failed to succeed within ${renderDuration(within)}`,
  client: {
    watch(tally, { within }, { time, following }) {
      const inService = new Set<Connection>();
      const outage = new Outage();
      /** When the client last got through. */
      let answeredAt = 0;
      /** The client's latest request. */
      const latest = { seq: 0 };
      /** The latest List of all tasks that was answered well. */
      const listed = { seq: 0 };
      /** The latest request for each place that was answered well. */
      const served = new Recent<string, number>(SERVED_FOR_MS);
      const lost = new Map<string, number>();
      const noteList = (
        { target: { path, listed: named }, received }: Request,
        answer: JournalEvent<'response.sent'>,
      ) => {
        if (named.length === 0) listed.seq = received.seq;
        // It shows of each what a Get would.
        for (const task of named) served.set(`GET ${path.replace(/\/$/, '')}/${task}`, received.seq, time.at(answer));
      };
      return {
        served,
        lost,
        outage,
        latest,
        listed,
        request({ received }) {
          outage.asked++;
          latest.seq = received.seq;
        },
        answered(request) {
          const { answer, connection } = request;
          if (!answer || hasFailed(request)) return;
          inService.add(connection);
          answeredAt = answer.seq;
          served.set(request.place, request.received.seq, time.at(answer));
          if (isList(request)) noteList(request, answer);
          if (outage.first) outage.note(tally, within, time.between(outage.first, answer), [answer.seq]);
          outage.end();
        },
        ended(connection) {
          inService.delete(connection);
          // Stryker disable next-line EqualityOperator: no two events have the same number.
          const isServedSince = answeredAt > (connection.opened?.seq ?? 0);
          // With another connection, on which it gets through or has got through since, it has missed a spare one.
          const isSpare = inService.size > 0 || isServedSince;
          if (connection.ended && isLostAtStart(connection) && !isSpare) outage.add(connection.ended);
        },
        keptAlive(_connection, ping) {
          tally.note('kept', [ping.seq]);
        },
        callOver(call) {
          noteCall(tally, call, within, { time, following, served, lost, latest, listed });
        },
      };
    },
    judge(
      tally,
      { within },
      { time, following, latest: now, running, openCalls, openConnections },
      { outage, served, lost, latest, listed },
    ) {
      const found = new Map(lost);
      let waits = false;
      for (const call of openCalls) {
        noteCall(tally, call, within, { time, following, now, running, served, lost: found, latest, listed });
        waits ||= call.underWay > 0;
      }
      for (const { requests } of openConnections) waits ||= requests === 0;
      if (running && outage.first) waits ||= time.between(outage.first, now) <= within;
      for (const [task, failedAt] of found)
        if (following.isMade(task) && following.isFollowed(task)) tally.note('recovered', [failedAt]);
      if (outage.first && waits)
        noteOpen(tally, within, time.between(outage.first, now), 'a connection', outage.events);
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
      // Of two attempts at a time one may have its answer before the other fails.
      const longestMs = Math.max(0, recovered.most?.value ?? 0, open.most?.value ?? 0);
      const hasCome = recovered.count + open.count > 0;
      const figures = { failed, recovered: recovered.count, ...(hasCome && { longestMs }) };
      const [first] = gaveUp.first;
      if (first)
        return fail(`gave up ${first.what} (${gaveUp.count} of ${many(failed, 'failure')})`, {
          finding: 'gave up',
          hint: 'Try again, on a new connection and with backoff. Before you repeat a create, look for it in List by your mark.',
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
      const [left] = tally.of('left').first;
      if (left)
        return doubtful(
          `left ${left.what} unanswered while a fault was at work, and asked for nothing since: it gave up, or it had ended`,
          tally.proofs('left'),
        );
      const [elsewhere] = tally.of('elsewhere').first;
      if (elsewhere)
        return doubtful(
          `${elsewhere.what} did not come again, but another client asked for that task: the same program, or it gave up`,
          tally.proofs('elsewhere'),
        );
      const [inList] = tally.of('listed').first;
      if (inList)
        return doubtful(
          `${inList.what} did not come again, but a List of all tasks did: its client looked there, or gave up`,
          { ...tally.proofs('listed'), hint: NAME_IT, figures },
        );
      const [changed] = tally.of('changed').first;
      if (changed)
        return doubtful(
          `${changed.what} failed, and one like it but for seed or mark followed: another attempt, or another video`,
          { ...tally.proofs('changed'), hint: SAME_BODY, figures },
        );
      const kept = tally.of('kept').count;
      if (failed === 0 && kept > 0)
        return pass(`its PINGs kept a connection ${many(kept, 'time')} that would have been idle for too long`, {
          ...tally.proofs('kept'),
          figures: { failed, kept },
        });
      if (failed === 0) return inconclusive('no call or connection of it failed, or none that did is over yet');
      return pass(`got through after ${many(failed, 'failure')}, within ${seconds(longestMs)} at most`, {
        ...tally.proofs('recovered'),
        figures,
      });
    },
  },
});

const SAME_BODY =
  'Repeat a create with the body that it had, seed and mark included, or give its attempts one idempotency key.';

const NAME_IT = 'Get the task again, or name it in the List (`filter.task_ids`).';

/** Whether a request asked for a List, and got it. */
const isList = ({ received, target, answer }: Request): boolean =>
  target.isTasks && received.method === 'GET' && answer?.status === 200 && !answer.altered;

const isLostAtStart = (connection: Connection) => isCutAtStart(connection) || isLeftSilent(connection);

/** Connections in a row that were cut, or that a fault did not serve, before their first request, until the client gets through with something. */
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

/** How long it is remembered that a place was served, while others are. */
const SERVED_FOR_MS = 3_600_000;
/** How many lost creates are remembered per client. */
const LOST_KEPT = 100;

interface Known extends Pick<Now, 'time' | 'following'> {
  /** Where a call may not be over yet. */
  readonly now?: Now['latest'];
  /** Its client may be about to try it again. */
  readonly running?: boolean | undefined;
  readonly served: Pick<Recent<string, number>, 'get'>;
  /** Tasks of which no answer to the create has told, and where that failed. */
  readonly lost: Map<string, number>;
  readonly latest: { readonly seq: number };
  readonly listed: { readonly seq: number };
}

function noteCall(
  tally: Tally,
  { method, path, target, attempts, underWay, failure, success, lostTask, tasks, first, last, again }: Call,
  within: number,
  { time, following, now, running, served, lost, latest, listed }: Known,
): void {
  if (!failure) return;
  const what = `${method} ${path}`;
  // Stryker disable next-line EqualityOperator: no two events have the same number.
  const isListed = listed.seq > first.received.seq;
  if (success) noteRecovered(tally, within, time.between(failure, success), what, [failure.seq, success.seq]);
  else if (lostTask) for (const { task } of tasks) keep(lost, task, failure.seq, LOST_KEPT);
  else if (now && underWay > 0) noteOpen(tally, within, time.between(failure, now), what, [failure.seq]);
  else if (wants(first).some((place) => (served.get(place) ?? 0) > first.received.seq))
    // It asked again before it let go of the first, or by another call that says the same.
    tally.note('recovered', [failure.seq]);
  else if (isLeft(last) && (served.get(first.place) ?? 0) > last.received.seq) tally.note('recovered', [failure.seq]);
  else if (method === 'GET' && isAskedFor(target.task ?? '', following))
    tally.note('elsewhere', [failure.seq], 0, what);
  else if (isListed && following.exists(target.task ?? '')) tally.note('listed', [failure.seq], 0, what);
  else if (now && running && time.between(failure, now) <= within) return;
  else if (again) tally.note('changed', [failure.seq, again.received.seq], 0, what);
  else if (isLeft(last) && !last.withheld && latest.seq <= last.received.seq)
    tally.note('left', [failure.seq], 0, what);
  else tally.note('gave up', [failure.seq], 0, `${what} after ${many(attempts, 'attempt')}`);
}

/** What gives a client that wants this what it wants, if it is asked for after that: a Get shows what became of a DELETE, and one
 * heartbeat is as good as another. */
function wants({ place, target, received: { method } }: Request): readonly string[] {
  if (target.task !== undefined) return [place.replace('DELETE', 'GET')];
  return method === 'GET' || target.path.endsWith('/heartbeat') ? [place] : [];
}

/** Whether the last Get of a task, by whichever client, was answered. */
const isAskedFor = (task: string, following: Following): boolean =>
  following.isMade(task) && following.isFollowed(task);

const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
