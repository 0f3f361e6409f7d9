import { z } from 'zod';
import { defineCheck, fail, inconclusive, many, pass } from '../check.ts';

/** The service resets a client that leaves its FIN unanswered for 400 ms (reference, A7). */
export const finAnswered = defineCheck({
  name: 'fin-answered',
  summary: 'Closes its own side of a connection when the service closes the other.',
  definition: `Of each connection that the service closed by FIN, looks at how it ended. Reset by the rule \`fin\`, as the client did not close its side in time, is
*unanswered*. Inconclusive where the service closed no connection of the client so.`,
  params: z.strictObject({}),
  relies: ['resets'],
  expects: () => 'each FIN of the service to be answered in time',
  client: {
    watch: (tally) => ({
      ruled(_connection, event) {
        if (event.rule === 'fin') tally.note('unanswered', [event.seq]);
      },
      ended({ ended }) {
        if (ended?.how === 'fin' && ['rule', 'fault', 'server', 'admin'].includes(ended.by))
          tally.note('answered', [ended.seq]);
      },
    }),
    judge(tally) {
      const [unanswered, answered] = [tally.of('unanswered').count, tally.of('answered').count];
      const figures = { answered, unanswered };
      if (unanswered > 0)
        return fail(`left ${unanswered} of ${many(answered + unanswered, 'FIN')} unanswered`, {
          finding: 'unanswered',
          hint: 'Read from idle connections as well, and close those on which the end of the stream is read.',
          ...tally.proofs('unanswered'),
          figures,
        });
      if (answered === 0) return inconclusive('the service closed no connection of it by FIN');
      return pass(`answered ${many(answered, 'FIN')}`, { ...tally.proofs('answered'), figures });
    },
  },
});
