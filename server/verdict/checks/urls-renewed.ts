import { z } from 'zod';
import { keep } from '../bounded.ts';
import { defineCheck, fail, inconclusive, many, pass } from '../check.ts';

/** The URL of a result is good for 24 h; a Get of the task brings a new one (reference, Ark API section 11). */
export const urlsRenewed = defineCheck({
  name: 'urls-renewed',
  summary: 'Asks for a new URL of a result when the one it has is refused.',
  definition: `Of each GET of a result that was refused with 403, looks at the client's next request for that result. Without a Get or a List
of tasks that was answered with 200 between the two it is *tried again*. Inconclusive where no URL was refused, or the client asked for no such result again.`,
  params: z.strictObject({}),
  expects: () => 'a Get or List of the task before a refused URL is asked for again',
  client: {
    watch(tally) {
      /** Refused results, by their paths, and the events that say so. */
      const refused = new Map<string, number>();
      /** The latest answer that brought a URL. */
      let renewedAt = 0;
      return {
        hearsStorage: true,
        request({ received, target: { path } }) {
          const refusal = received.method === 'GET' ? refused.get(path) : undefined;
          if (refusal === undefined) return;
          refused.delete(path);
          // Stryker disable next-line EqualityOperator: no two events have the same number.
          tally.note(renewedAt > refusal ? 'renewed' : 'tried again', [refusal, received.seq], 0, path);
        },
        answered({ answer, asked, target, received: { method } }) {
          const showsTasks = asked !== undefined || (method === 'GET' && target.isTasks);
          if (answer?.status === 200 && showsTasks) renewedAt = answer.seq;
          if (answer?.status === 403 && method === 'GET' && target.isResult)
            keep(refused, target.path, answer.seq, RESULTS_KEPT);
        },
      };
    },
    judge(tally) {
      const [renewed, again] = [tally.of('renewed').count, tally.of('tried again').count];
      const figures = { renewed, triedAgain: again };
      if (again > 0)
        return fail(`asked again with ${again} of ${many(renewed + again, 'URL')} that had been refused`, {
          finding: 'tried again',
          hint: 'Take a 403 of the storage for an expired URL: Get the task, and download from the URL that it has now.',
          ...tally.proofs('tried again'),
          figures,
        });
      if (renewed === 0) return inconclusive('no URL was refused to it, or it asked for no such result again');
      return pass(`renewed ${many(renewed, 'refused URL')}`, { ...tally.proofs('renewed'), figures });
    },
  },
});

/** How many refused results are remembered per client. */
const RESULTS_KEPT = 1_000;
