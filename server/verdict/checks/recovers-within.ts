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
A create that was cut and is not repeated is no failure where its task exists: that is what \`no-duplicate-creates\` asks for. Inconclusive
where no call failed.`,
  params: z.strictObject({
    within: duration({ minMs: 1 }).default(60_000).describe('The longest time from the first failure to success.'),
  }),
  expects: ({ within }) => `each call that failed to succeed within ${renderDuration(within)}`,
  judgeClient({ calls }, { within }, { time }: Evidence) {
    const failed = calls.flatMap(({ method, path, attempts }) => {
      const [first] = attempts;
      const failure = first && hasFailed(first) ? endOf(first) : undefined;
      if (!failure || attempts.some(({ task, cut }) => task && cut)) return [];
      const success = attempts.find((attempt) => attempt.answer && !hasFailed(attempt))?.answer;
      const ms = success ? time.between(failure, success) : Number.POSITIVE_INFINITY;
      return [
        { method, path, ms, attempts: attempts.length, events: [failure.seq, ...(success ? [success.seq] : [])] },
      ];
    });
    if (failed.length === 0) return inconclusive('no call of it failed');
    const [worst, ...others] = failed.toSorted((a, b) => b.ms - a.ms);
    const late = failed.filter(({ ms }) => ms > within);
    const lost = failed.filter(({ ms }) => ms === Number.POSITIVE_INFINITY);
    const longestMs = worst?.ms ?? 0;
    const figures = {
      failed: failed.length,
      recovered: failed.length - lost.length,
      ...(Number.isFinite(longestMs) && { longestMs }),
    };
    const events = (those: typeof others) => those.flatMap((call) => call.events);
    if (!worst || late.length === 0)
      return pass(`${many(failed.length, 'call')} that failed got through within ${(longestMs / 1_000).toFixed(1)} s`, {
        events: events(failed),
        figures,
      });
    return lost.length > 0
      ? fail(
          `gave up ${worst.method} ${worst.path} after ${many(worst.attempts, 'attempt')} (${lost.length} of ${many(failed.length, 'failed call')})`,
          {
            finding: 'gave up',
            hint: 'Try again, on a new connection and with backoff; a GET may always be repeated.',
            events: events(lost),
            figures,
          },
        )
      : fail(`took ${(worst.ms / 1_000).toFixed(1)} s to get ${worst.method} ${worst.path} through`, {
          finding: 'too late',
          hint: 'Cap the backoff, and bound each attempt with a time-out of its own.',
          events: events(late),
          figures,
        });
  },
});
