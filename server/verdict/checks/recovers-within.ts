import { z } from 'zod';
import { duration, renderDuration } from '../../scenario/duration.ts';
import { defineCheck, fail, inconclusive, many, pass } from '../check.ts';
import { type Evidence, endOf, hasFailed } from '../evidence.ts';

/** From the first failure of a call to the answer that it wanted. */
export const recoversWithin = defineCheck({
  name: 'recovers-within',
  summary: 'Gets through in the end: a call that failed succeeds within a bounded time.',
  definition: `Of each logical call whose first attempt failed (its answer did not come whole, or was 408, 425, 429, 500, 502, 503 or 504), measures from
that failure to the end of the first attempt that did not fail. Longer than \`within\` is *too late*; a call that never got there is *gave up*.
One whose last attempt has no answer yet is neither while it may still be in time, and then *too late*.
A create that was cut and is not repeated is no failure where its task exists: that is what \`no-duplicate-creates\` asks for. Inconclusive
where no call failed.`,
  params: z.strictObject({
    within: duration({ minMs: 1 }).default(60_000).describe('The longest time from the first failure to success.'),
  }),
  expects: ({ within }) => `each call that failed to succeed within ${renderDuration(within)}`,
  judgeClient({ calls }, { within }, { time, latest }: Evidence) {
    const failed = calls.flatMap(({ method, path, attempts }) => {
      const [first] = attempts;
      const failure = first && hasFailed(first) ? endOf(first) : undefined;
      if (!failure || attempts.some(({ task, cut }) => task && cut)) return [];
      const success = attempts.find((attempt) => attempt.answer && !hasFailed(attempt))?.answer;
      const open = !success && attempts.some((attempt) => !endOf(attempt));
      const ms = time.between(failure, success ?? latest ?? failure);
      if (open && ms <= within) return [];
      const lost = !success && !open;
      const events = [failure.seq, ...(success ? [success.seq] : [])];
      return [{ method, path, lost, open, ms, attempts: attempts.length, events }];
    });
    if (failed.length === 0) return inconclusive('no call of it failed, or none that did is over yet');
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
        `gave up ${first.method} ${first.path} after ${many(first.attempts, 'attempt')} (${gaveUp.length} of ${many(failed.length, 'failed call')})`,
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
        `took ${seconds(worst.ms)}${worst.open ? ' up to now' : ''} to get ${worst.method} ${worst.path} through (${late.length} of ${many(failed.length, 'failed call')})`,
        {
          finding: 'too late',
          hint: 'Cap the backoff, and bound each attempt with a time-out of its own.',
          events: events(late),
          figures,
        },
      );
    return pass(`${many(failed.length, 'call')} that failed got through within ${seconds(longestMs)}`, {
      events: events(failed),
      figures,
    });
  },
});

const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
