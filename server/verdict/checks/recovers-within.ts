import { z } from 'zod';
import { duration, renderDuration } from '../../scenario/duration.ts';
import { REPEATED_WITHIN_MS } from '../calls.ts';
import { defineCheck, fail, inconclusive, many, pass } from '../check.ts';
import { type Client, type Evidence, endOf, hasFailed } from '../evidence.ts';
import { isCutAtStart } from '../failures.ts';

/** From the first failure of a call to the answer that it wanted. */
export const recoversWithin = defineCheck({
  name: 'recovers-within',
  summary: 'Gets through in the end: a call that failed succeeds within a bounded time.',
  definition: `Of each logical call whose first attempt failed (its answer did not come whole, or was 408, 425, 429, 500, 502, 503 or 504), measures from
that failure to the end of the first attempt that did not fail. Longer than \`within\` is *too late*; a call that never got there is *gave up*.
So it does from a connection that was cut before its first request, by whatever but silence, to the end of the client's next request that did not
fail: what the client wanted to ask is not known, but that it did not get to. One whose last attempt has no answer yet is neither while it may
still be in time, and then *too late*.
A create that was cut and is not repeated is no failure where its task exists: that is what \`no-duplicate-creates\` asks for. Inconclusive
where no call failed and no connection was cut so, or only some of which it cannot be told whose of several clients they were.`,
  params: z.strictObject({
    within: duration({ minMs: 1, maxMs: REPEATED_WITHIN_MS })
      .default(60_000)
      .describe('The longest time from the first failure to success.'),
  }),
  expects: ({ within }) => `each call that failed to succeed within ${renderDuration(within)}`,
  judgeClient(client, { within }, evidence: Evidence) {
    const failed = [...findFailedCalls(client, evidence), ...findOutages(client, evidence)].filter(
      ({ open, ms }) => !open || ms > within,
    );
    if (failed.length === 0) return inconclusive('no call or connection of it failed, or none that did is over yet');
    const gaveUp = failed.filter(({ lost }) => lost);
    const came = failed.filter(({ lost }) => !lost);
    // Of two attempts at a time one may have its answer before the other fails.
    const longestMs = Math.max(0, ...came.map(({ ms }) => ms));
    const figures = {
      failed: failed.length,
      recovered: came.filter(({ open }) => !open).length,
      ...(came.length > 0 && { longestMs }),
    };
    const events = (those: typeof failed) => those.flatMap((call) => call.events);
    const [first] = gaveUp;
    if (first)
      return fail(
        `gave up ${first.what} after ${many(first.attempts, 'attempt')} (${gaveUp.length} of ${many(failed.length, 'failure')})`,
        {
          finding: 'gave up',
          hint: 'Try again, on a new connection and with backoff; a GET may always be repeated.',
          events: events(gaveUp),
          figures,
        },
      );
    const late = came.filter(({ ms }) => ms > within).toSorted((a, b) => b.ms - a.ms);
    const [worst] = late;
    if (worst)
      return fail(
        `took ${seconds(worst.ms)}${worst.open ? ' up to now' : ''} to get ${worst.what} through (${late.length} of ${many(failed.length, 'failure')})`,
        {
          finding: 'too late',
          hint: 'Cap the backoff, and bound each attempt with a time-out of its own.',
          events: events(late),
          figures,
        },
      );
    return pass(`got through after ${many(failed.length, 'failure')}, within ${seconds(longestMs)} at most`, {
      events: events(failed),
      figures,
    });
  },
});

/** What went wrong for a client, and how long it took until it went well. */
interface Failure {
  /** After "gave up" and "to get". */
  readonly what: string;
  readonly attempts: number;
  /** Nothing came of it, and nothing is under way. */
  readonly lost: boolean;
  /** Up to now nothing came of it, but something is under way. */
  readonly open: boolean;
  readonly ms: number;
  readonly events: readonly number[];
}

function findFailedCalls({ calls }: Client, { time, latest }: Evidence): readonly Failure[] {
  return calls.flatMap(({ method, path, attempts }) => {
    const [first] = attempts;
    const failure = first && hasFailed(first) ? endOf(first) : undefined;
    const success = attempts.find((attempt) => attempt.answer && !hasFailed(attempt))?.answer;
    const isThere = attempts.some(({ task, cut }) => task && cut);
    if (!failure || (isThere && !success)) return [];
    const open = !success && attempts.some((attempt) => !endOf(attempt));
    const ms = time.between(failure, success ?? latest);
    const events = [failure.seq, ...(success ? [success.seq] : [])];
    return [{ what: `${method} ${path}`, attempts: attempts.length, lost: !success && !open, open, ms, events }];
  });
}

/** Connections in a row that were cut before their first request, until the client got through with something. */
function findOutages({ connections, ja4, userAgent }: Client, { clients, time, latest }: Evidence): readonly Failure[] {
  // Cut before it said who it is: of several clients it may be any one's.
  if (ja4 === undefined && userAgent === undefined && clients.length > 1) return [];
  const requests = connections.flatMap((connection) => connection.requests);
  const successes = requests
    .flatMap((request) => (request.answer && !hasFailed(request) ? [request.answer] : []))
    .toSorted((a, b) => a.seq - b.seq);
  const cuts = connections
    .filter(isCutAtStart)
    .flatMap(({ ended }) => ended ?? [])
    .toSorted((a, b) => a.seq - b.seq);
  const spells = spellsOfService(connections);
  const outages = new Map<(typeof successes)[number] | undefined, typeof cuts>();
  // One walk: a run may have tens of thousands of each.
  let [servedUntil, nextSpell, nextSuccess] = [0, 0, 0];
  for (const cut of cuts) {
    for (let spell = spells[nextSpell]; spell && spell.from < cut.seq; spell = spells[++nextSpell])
      servedUntil = Math.max(servedUntil, spell.to);
    // It had another connection, on which it got through, and has missed a spare one.
    if (servedUntil > cut.seq) continue;
    while ((successes[nextSuccess]?.seq ?? Number.POSITIVE_INFINITY) < cut.seq) nextSuccess++;
    const success = successes[nextSuccess];
    const outage = outages.get(success);
    if (outage) outage.push(cut);
    else outages.set(success, [cut]);
  }
  return [...outages].flatMap(([success, those]) => {
    const [first] = those;
    if (!first) return [];
    const open = !success && connections.some(({ ended, requests: own }) => !ended && !own.length);
    const asked = requests.filter(({ received }) => received.seq > first.seq);
    const waits = !success && (open || asked.some((request) => !endOf(request)));
    // What it asked for since has failed as a call of its own.
    if (!success && !waits && asked.length > 0) return [];
    const ms = time.between(first, success ?? latest);
    const events = [...those.map(({ seq }) => seq), ...(success ? [success.seq] : [])];
    return [{ what: 'a connection', attempts: those.length, lost: !success && !waits, open: waits, ms, events }];
  });
}

/** For each connection that has carried a request that was answered: from that to its end, by sequence numbers, the earliest first. */
function spellsOfService(
  connections: Client['connections'],
): readonly { readonly from: number; readonly to: number }[] {
  return connections
    .flatMap(({ ended, requests }) => {
      const first = requests.find(({ answer }) => answer);
      return first ? [{ from: first.received.seq, to: ended?.seq ?? Number.POSITIVE_INFINITY }] : [];
    })
    .toSorted((a, b) => a.from - b.from);
}

const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
