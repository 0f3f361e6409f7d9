import { z } from 'zod';
import { duration, renderDuration } from '../../scenario/duration.ts';
import { defineCheck, fail, inconclusive, many, pass } from '../check.ts';
import type { Evidence } from '../evidence.ts';
import { type Comeback, findComebacks } from '../failures.ts';

/** So many first retries tell whether they are spread at random; by chance alone, spread evenly over the jitter, they would lie
 * within a tenth of it once in 2,000 runs. */
const SPREAD_SAMPLES = 5;
const SPREAD_AT_LEAST = 0.1;

const params = z
  .strictObject({
    base: duration().default(100).describe('The wait before the first new attempt.'),
    factor: z.number().min(1).max(100).default(2).describe('By how much each further wait grows.'),
    max: duration().default(30_000).describe('No wait is longer.'),
    jitter: duration().default(100).describe('Chance adds up to this much; `0ms`: it need not.'),
    early: duration().default(5).describe('A wait may be this much shorter: clocks tick.'),
    late: duration().default(1_000).describe('A wait may be this much longer: clients do other things too.'),
  })
  .refine(({ base, max }) => max >= base, {
    path: ['max'],
    error: 'Write no less than `base`, 100ms if it is left out: the first wait would be over the cap.',
  });
type Params = z.output<typeof params>;

interface Gap extends Comeback {
  /** In the client's time. */
  readonly ms: number;
  readonly leastMs: number;
}

/** Exponential backoff with jitter (reference, C3). */
export const backoff = defineCheck({
  name: 'backoff',
  summary: 'After a reset, waits before it tries again: longer each time, and not in step with others.',
  definition: `Measures from each connection that the service cut to the client's next attempt: for a call that was cut, its next
attempt, or the connection opened for it; for a connection that ended before its first request, unless for its silence, the client's next
connection. A connection that is opened while the client has no other counts, whatever it is for: it is the service that the wait spares. The
wait before attempt n is \`base * factor^(n-1)\`, \`max\` at most, and up to \`jitter\` more. n counts failures in a row.
Findings: *too fast*, *no growth* (too fast, and no longer than the wait before), *over the cap*, *too slow*, *no jitter* (of ${SPREAD_SAMPLES} or more first
waits the longest and the shortest differ by less than a tenth of \`jitter\`: a herd that comes back in step).`,
  params,
  relies: ['resets'],
  expects: ({ base, factor, max, jitter }) =>
    `a wait of ${renderDuration(base)} after a reset, times ${factor} after each further one, ${renderDuration(max)} at most${
      jitter > 0 ? `, plus up to ${renderDuration(jitter)} by chance` : ''
    }`,
  judgeClient(client, expected, evidence) {
    const gaps = findComebacks(client).map((comeback) => measure(comeback, expected, evidence));
    if (gaps.length === 0) return inconclusive('it met no reset from which it came back');
    return findFault(gaps, expected) ?? findHerd(gaps, expected) ?? praise(gaps);
  },
});

function measure(comeback: Comeback, { base, factor, max }: Params, { time }: Evidence): Gap {
  const leastMs = Math.min(max, base * factor ** (comeback.streak - 1));
  return { ...comeback, ms: time.between(comeback.failed, comeback.attempt), leastMs };
}

const render = (ms: number) => (ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`);
const eventsOf = (gaps: readonly Gap[]) => gaps.flatMap(({ failed, attempt }) => [failed.seq, attempt.seq]);

function findFault(gaps: readonly Gap[], { early, late, jitter, max }: Params) {
  const figures = { waits: gaps.length, shortestMs: Math.min(...gaps.map(({ ms }) => ms)) };
  const tooFast = gaps.filter(({ ms, leastMs }) => ms < leastMs - early);
  const [fast] = tooFast;
  if (fast) {
    const before = gaps.find(({ streak, ms }) => streak === fast.streak - 1 && ms >= fast.ms - early);
    const nth = fast.streak === 1 ? 'a reset' : `reset ${fast.streak} in a row`;
    return fail(
      `tried again ${render(fast.ms)} after ${nth}, expected ${render(fast.leastMs)} or more (${tooFast.length} of ${many(gaps.length, 'wait')})`,
      {
        finding: before ? 'no growth' : 'too fast',
        hint: before
          ? 'Let each wait be longer than the one before, and start over only after a call that succeeded.'
          : 'Wait before you connect again: exponential backoff with jitter, also for the retries that your HTTP library does by itself.',
        events: eventsOf(tooFast),
        figures,
      },
    );
  }
  const overCap = gaps.filter(({ ms }) => ms > max + jitter + late);
  const tooSlow = gaps.filter(({ ms, leastMs }) => ms > leastMs + jitter + late);
  const [slow] = overCap.length > 0 ? overCap : tooSlow;
  if (!slow) return undefined;
  const most = overCap.length > 0 ? max + jitter : slow.leastMs + jitter;
  return fail(`tried again only ${render(slow.ms)} after a reset, expected ${render(most)} at most`, {
    finding: overCap.length > 0 ? 'over the cap' : 'too slow',
    hint: overCap.length > 0 ? 'Cap the wait.' : 'Start with a short wait: most resets are over at once.',
    events: eventsOf(overCap.length > 0 ? overCap : tooSlow),
    figures,
  });
}

function findHerd(gaps: readonly Gap[], { jitter }: Params) {
  const first = gaps.filter(({ streak }) => streak === 1);
  if (jitter === 0 || first.length < SPREAD_SAMPLES) return undefined;
  const waits = first.map(({ ms }) => ms);
  const spreadMs = Math.max(...waits) - Math.min(...waits);
  if (spreadMs >= jitter * SPREAD_AT_LEAST) return undefined;
  return fail(`${first.length} first waits differ by ${render(spreadMs)} in all: no jitter`, {
    finding: 'no jitter',
    hint: 'Add a random part to each wait, or all that were cut together come back together.',
    events: eventsOf(first),
    figures: { waits: gaps.length, spreadMs },
  });
}

function praise(gaps: readonly Gap[]) {
  const waits = gaps.map(({ ms }) => ms);
  const [shortestMs, longestMs] = [Math.min(...waits), Math.max(...waits)];
  const streak = Math.max(...gaps.map((gap) => gap.streak));
  const seen = `waited ${render(shortestMs)} to ${render(longestMs)} after ${many(gaps.length, 'reset')}, ${many(streak, 'failure')} in a row at most`;
  return pass(seen, { events: eventsOf(gaps), figures: { waits: gaps.length, shortestMs, longestMs } });
}
