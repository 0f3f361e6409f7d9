import { z } from 'zod';
import { duration } from '../../scenario/duration.ts';
import type { Call } from '../calls.ts';
import { defineCheck, fail, inconclusive, many, pass } from '../check.ts';
import type { Request } from '../facts.ts';
import type { Tally } from '../tally.ts';

/** RFC 9110, section 10.2.3. */
export const retryAfterRespected = defineCheck({
  name: 'retry-after-respected',
  summary: 'Waits as long as Retry-After asks before it tries the call again.',
  definition: `Of each attempt that was refused with a \`Retry-After\`, measures from the end of that answer to the next attempt at the
same logical call. Shorter than asked, but for \`early\`, is *too early*. A call that was given up is no failure. Inconclusive where no
refused call was tried again.`,
  params: z.strictObject({
    early: duration().default(5).describe('A wait may be this much shorter: clocks tick.'),
  }),
  mergeSensitive: true,
  expects: () => 'no new attempt before Retry-After is over',
  client: {
    watch: (tally, { early }, { time }) => {
      /** The refusal that was counted last, by call. */
      const counted = new WeakMap<Call, number>();
      return {
        hearsStorage: true,
        request({ received }, call) {
          const { refusal } = call;
          // Not one that was on its way already when the refusal came.
          if (!refusal || refusal.seq > received.seq || counted.get(call) === refusal.seq) return;
          counted.set(call, refusal.seq);
          const askedMs = refusal.retryAfterMs ?? 0;
          const ms = time.between(refusal, received);
          tally.note('retry', [refusal.seq, received.seq]);
          if (ms >= askedMs - early) return;
          const what = `${Math.round(ms)} ms, asked to wait ${Math.round(askedMs)} ms`;
          tally.note('hasty', [refusal.seq, received.seq], askedMs - ms, what);
        },
        over(request) {
          noteRefusal(tally, request);
        },
      };
    },
    judge(tally, _params, { unsettled }) {
      for (const [request] of unsettled) noteRefusal(tally, request);
      const [refusals, retries] = [tally.of('refusal').count, tally.of('retry').count];
      if (retries === 0)
        return inconclusive(
          refusals === 0 ? 'it was given no Retry-After' : `it gave up after ${many(refusals, 'refusal')}`,
          tally.proofs('refusal'),
        );
      const figures = { refusals, retries };
      const hasty = tally.of('hasty');
      if (!hasty.most)
        return pass(`waited as asked before each of ${many(retries, 'new attempt')}`, {
          ...tally.proofs('retry'),
          figures,
        });
      return fail(`tried again after ${hasty.most.what} (${hasty.count} of ${many(retries, 'new attempt')})`, {
        finding: 'too early',
        hint: 'Read Retry-After, in seconds or as a date, and wait at least that long, whatever your own backoff says.',
        ...tally.proofs('hasty'),
        figures,
      });
    },
  },
});

function noteRefusal(tally: Tally, { answer, cut }: Request): void {
  if (answer?.retryAfterMs !== undefined && !cut) tally.note('refusal', [answer.seq]);
}
