import { z } from 'zod';
import type { Call } from '../calls.ts';
import { defineCheck, fail, inconclusive, many, pass, percent } from '../check.ts';
import type { Tally } from '../tally.ts';

/** What a user of the client sees of the service's faults (design of rehearsals). */
export const successRate = defineCheck({
  name: 'success-rate',
  summary: 'Gets through with its calls, whatever the service does.',
  definition: `Of all logical calls that have ended, the share that was answered in the end, whole, and not with 408, 425, 429, 500, 502, 503 or
504. Below \`atLeast\` is *too many failed*. A call that the client gave up while nothing was wrong counts neither way. Inconclusive with fewer than
\`samples\` calls.`,
  params: z.strictObject({
    atLeast: z.number().min(0).max(1).default(0.99).describe('The least share of calls that succeed.'),
    samples: z.int().min(1).default(5).describe('With fewer calls nothing is said.'),
  }),
  expects: ({ atLeast }) => `${percent(atLeast)} or more of the calls to succeed in the end`,
  client: {
    watch: (tally) => ({
      callOver(call) {
        note(tally, call);
      },
    }),
    judge(tally, { atLeast, samples }, { openCalls }) {
      for (const call of openCalls) if (call.underWay === 0) note(tally, call);
      const [succeeded, failed] = [tally.of('succeeded').count, tally.of('failed').count];
      const calls = succeeded + failed;
      if (calls < samples) return inconclusive(`${many(calls, 'call')} of it ended, too few to tell`);
      const rate = succeeded / calls;
      const figures = { calls, rate };
      const seen = `${percent(rate)} of ${many(calls, 'call')} succeeded`;
      if (rate >= atLeast) return pass(seen, { ...tally.proofs('succeeded'), figures });
      const [first] = tally.of('failed').first;
      return fail(`${seen}, the first that did not: ${first?.what}`, {
        finding: 'too many failed',
        hint: 'Try again what failed, on a new connection and with backoff; a GET may always be repeated.',
        ...tally.proofs('failed'),
        figures,
        provisional: true,
      });
    },
  },
});

function note(tally: Tally, { method, path, success, failure, first, lostTask }: Call): void {
  // A create whose task exists is for `no-duplicate-creates` and `creates-accounted`.
  if (lostTask && !success) return;
  if (success) tally.note('succeeded', [success.seq]);
  else if (failure) tally.note('failed', [first.received.seq, failure.seq], 0, `${method} ${path}`);
}
