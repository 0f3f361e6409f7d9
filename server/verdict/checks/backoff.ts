import { z } from 'zod';
import { duration, renderDuration } from '../../scenario/duration.ts';
import { defineCheck, doubtful, fail, inconclusive, many, onlyHurried, pass } from '../check.ts';
import type { ClientTime } from '../client-time.ts';
import { type Comeback, knownSince } from '../comebacks.ts';
import { type Connection, isHurriedOff } from '../facts.ts';
import type { Tally } from '../tally.ts';

/** So many first waits tell whether they are spread at random. */
const SPREAD_SAMPLES = 5;
/** The middle half of waits that are spread evenly covers half of the jitter; that of waits without any, what a busy machine adds
 * to some of them is no part of. */
const SPREAD_AT_LEAST = 0.1;
/** How far waits grow where no cap is named. */
const USUAL_CAP_MS = 30_000;
const USUAL_LATE_MS = 1_000;

const params = z
  .strictObject({
    base: duration().default(100).describe('The wait before the first new attempt.'),
    factor: z.number().min(1).max(100).default(2).describe('By how much each further wait grows.'),
    max: duration().optional().describe('No wait is longer. Left out, waits grow up to 30 s, and may be longer.'),
    jitter: z
      .union([duration(), z.literal('full')])
      .default(100)
      .describe(
        'Chance adds up to this much; `0ms`: it need not; `full`: a wait is anything from 0 up to what it would be.',
      ),
    early: duration().default(5).describe('A wait may be this much shorter: clocks tick.'),
    late: duration()
      .optional()
      .describe('A wait may be this much longer. Left out, any wait may be long, and one over `max` 1 s longer.'),
  })
  .refine(({ base, max = base }) => max >= base, {
    path: ['max'],
    error: 'Write no less than `base`, 100ms if it is left out: the first wait would be over the cap.',
  });
type Params = z.output<typeof params>;

/** Exponential backoff with jitter (reference, C3). */
export const backoff = defineCheck({
  name: 'backoff',
  summary: 'After a reset or a refusal, waits before it tries again: longer each time, and not in step with others.',
  definition: `Measures from each failure of the service to the client's next attempt. A failure is a connection that was cut amid calls, or
before its first request unless for its silence. The next attempt is the first of the calls that were cut that comes again on a connection that
the client opened after it; or, where no call was cut or none comes again, its next connection, unless it has several at a time. On a connection
that it had before no wait is needed. A failure is also an answer 408, 425, 429 or 5xx without \`Retry-After\`: the next attempt is the next one at
the same call. The wait before attempt n is \`base * factor^(n-1)\`, \`max\` at most, and up to \`jitter\` more. n counts failures in a row of a call, or
of connections that come back for one: what is cut at the same time counts once, and an answer that is no failure starts over.
Downloads from the storage are not looked at. A connection that a rule cut too soon, for the lane's clock ran ahead, is left out. Inconclusive where a create comes too
fast after one that was refused, and differs from it in \`seed\` or \`safety_identifier\` alone; and where a client that has several connections
at a time opens one too fast after another was cut at its start, unless it does so as often as it has connections at a time.
Findings: *too fast*, *no growth* (too fast, and no longer than the wait before), *over the cap* (where \`max\` is given), *too slow* (where \`late\` is
given), *no jitter* (of ${SPREAD_SAMPLES} or more first waits the middle half covers less than a tenth of \`jitter\`: a herd that comes back in step).`,
  params,
  relies: ['resets'],
  mergeSensitive: true,
  expects: ({ base, factor, max, jitter }) => {
    const cap = max === undefined ? '' : `, ${renderDuration(max)} at most`;
    const chance =
      jitter === 0 ? '' : jitter === 'full' ? ', with full jitter' : `, plus up to ${renderDuration(jitter)} by chance`;
    return `a wait of ${renderDuration(base)} after a reset, times ${factor} after each further one${cap}${chance}`;
  },
  client: {
    watch(tally, expected, { time }) {
      /** The latest wait at each point of a row. */
      const waits: number[] = [];
      const open = new Set<Connection>();
      const pool = { most: 0 };
      return {
        waits,
        pool,
        opened(connection) {
          open.add(connection);
          pool.most = Math.max(pool.most, open.size);
        },
        ended(connection) {
          open.delete(connection);
          if (isHurriedOff(connection, time)) tally.note('hurried', [connection.ended?.seq ?? 0]);
        },
        comeback(comeback) {
          noteWait(tally, comeback, { expected, time, waits });
        },
      };
    },
    judge(tally, expected, { comebacks, time }, watch) {
      const waits = [...watch.waits];
      for (const comeback of comebacks) noteWait(tally, comeback, { expected, time, waits });
      noteConnections(tally, watch.pool.most);
      const { count, least, most } = tally.of('wait');
      const hurried = tally.of('hurried').count;
      if (count === 0 && hurried > 0) return onlyHurried(hurried, tally.proofs('hurried'));
      const [changed] = tally.of('changed').first;
      const doubt =
        changed &&
        doubtful(
          `sent a create ${changed.what} that differs in seed or mark alone: it tried again too fast, or made another video`,
          tally.proofs('changed'),
        );
      if (count === 0 && doubt) return doubt;
      // Stryker disable next-line LogicalOperator: there are both or none.
      if (!least || !most)
        return inconclusive(
          'it met no failure from which it came back: no lost connection, and no refusal of the same API call (a stream reset is neither)',
        );
      const figures = { waits: count, shortestMs: least.value, longestMs: most.value };
      const found = HINTS.flatMap(([finding, hint]) => {
        const [first] = tally.of(finding).first;
        return first ? { finding, hint, first } : [];
      });
      const [earliest] = found.toSorted((a, b) => (a.first.events[0] ?? 0) - (b.first.events[0] ?? 0));
      if (earliest) {
        const { finding, hint, first } = earliest;
        const seen = `tried again ${first.what} (${tally.of(finding).count} of ${many(count, 'wait')})`;
        const isResent = tally.of('resent').first.some(({ events }) => events[0] === first.events[0]);
        return fail(seen, { finding, hint: isResent ? RESENT : hint, ...tally.proofs(finding), figures });
      }
      const [perhaps] = tally.of('perhaps').first;
      if (perhaps)
        return doubtful(
          `opened a connection ${perhaps.what}, and has several at a time: it tried again, or had another use for it`,
          { ...tally.proofs('perhaps'), figures },
        );
      const [unclear] = tally.of('unclear').first;
      if (unclear)
        return doubtful(`tried again ${unclear.what}: it waited meanwhile, or for that alone`, {
          ...tally.proofs('unclear'),
          figures,
        });
      const seen = `waited ${render(least.value)} to ${render(most.value)} after ${many(count, 'failure')}, ${many(tally.of('streak').most?.value ?? 0, 'failure')} in a row at most`;
      return findHerd(tally, expected) ?? doubt ?? pass(seen, { ...tally.proofs('wait'), figures });
    },
  },
});

interface Waited {
  readonly expected: Params;
  readonly time: ClientTime;
  readonly waits: number[];
}

function noteWait(
  tally: Tally,
  { failed, attempt, streak, resent, handshakeMs = 0, changed, perhaps }: Comeback,
  { expected, time, waits }: Waited,
): void {
  const since = knownSince(failed, time);
  if (!since) return;
  const ms = time.between(since, attempt);
  const events = [failed.seq, attempt.seq];
  if (changed) {
    const isFast = findingOf(ms, streak, expected)?.finding === 'too fast';
    return isFast ? tally.note('changed', events, ms, `${render(ms)} after one failed`) : undefined;
  }
  tally.note('wait', events, ms);
  tally.note('streak', [], streak);
  if (streak === 1) tally.note('first wait', events, ms);
  const found = findingOf(ms, streak, expected);
  if (found) {
    const { most, leastMs } = found;
    const before = waits[streak - 1] ?? Number.NEGATIVE_INFINITY;
    const isNoGrowth = found.finding === 'too fast' && before >= ms - expected.early;
    const kind = isNoGrowth ? 'no growth' : found.finding;
    const nth = streak === 1 ? 'a failure' : `failure ${streak} in a row`;
    const what =
      most === undefined
        ? `${render(ms)} after ${nth}, expected ${render(leastMs)} or more`
        : `${render(ms)} after ${nth}, expected ${render(most)} at most`;
    tally.note(perhaps && most === undefined ? 'perhaps' : kind, events, ms, what);
    if (resent) tally.note('resent', events);
  } else if (findingOf(ms - handshakeMs, streak, expected)?.finding === 'too fast')
    tally.note(
      'unclear',
      events,
      ms,
      `${render(ms)} after a failure, of which ${render(handshakeMs)} were the handshake`,
    );
  waits[streak] = ms;
}

/** Each connection of a pool may be opened once for its own use: only one that comes too fast more often than that is haste. */
function noteConnections(tally: Tally, most: number): void {
  const { count, first } = tally.of('perhaps');
  if (count < most) return;
  for (const { events, value, what } of first) tally.note('too fast', events, value, what);
}

const RESENT =
  'The HTTP library sent it again by itself, or your code did at once: switch that off (OkHttp: `retryOnConnectionFailure(false)`), and wait before you try again.';

const HINTS = [
  ['no growth', 'Let each wait be longer than the one before, and start over only after a call that succeeded.'],
  [
    'too fast',
    'Wait before you try again: exponential backoff with jitter, in your own code or the settings of its SDK.',
  ],
  ['over the cap', 'Cap the wait.'],
  ['too slow', 'Start with a short wait: most failures are over at once.'],
] as const;

const render = (ms: number) => (ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`);

function findingOf(ms: number, streak: number, { base, factor, max, jitter, early, late }: Params) {
  const fullMs = Math.min(max ?? USUAL_CAP_MS, base * factor ** (streak - 1));
  const leastMs = jitter === 'full' ? 0 : fullMs;
  const jitterMs = jitter === 'full' ? 0 : jitter;
  const capMs = (max ?? Number.POSITIVE_INFINITY) + jitterMs;
  if (ms < leastMs - early) return { finding: 'too fast', leastMs } as const;
  if (ms > capMs + (late ?? USUAL_LATE_MS)) return { finding: 'over the cap', leastMs, most: capMs } as const;
  if (ms > fullMs + jitterMs + (late ?? Number.POSITIVE_INFINITY))
    return { finding: 'too slow', leastMs, most: fullMs + jitterMs } as const;
  return undefined;
}

function findHerd(tally: Tally, { base, jitter }: Params) {
  const waits = tally
    .of('first wait')
    .first.map(({ value }) => value)
    .toSorted((a, b) => a - b);
  const jitterMs = jitter === 'full' ? base : jitter;
  if (waits.length < SPREAD_SAMPLES) return undefined;
  const at = (share: number) => waits[Math.round(share * (waits.length - 1))] ?? 0;
  const spreadMs = at(0.75) - at(0.25);
  if (spreadMs >= jitterMs * SPREAD_AT_LEAST) return undefined;
  return fail(`the middle half of ${waits.length} first waits differs by ${render(spreadMs)}: no jitter`, {
    finding: 'no jitter',
    hint: 'Add a random part to each wait, or all that were cut together come back together.',
    ...tally.proofs('first wait'),
    figures: { waits: tally.of('wait').count, spreadMs },
  });
}
