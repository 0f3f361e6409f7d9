import { z } from 'zod';
import { defineCheck, fail, inconclusive, many, pass } from '../check.ts';

/** The service tries four times, five seconds each, and then never again (reference, Ark API section 9). */
export const callbacksAcknowledged = defineCheck({
  name: 'callbacks-acknowledged',
  summary: 'Acknowledges callbacks with 2xx, at the first try.',
  definition: `Of all callbacks that were sent, the share whose first try was answered with 2xx. Below \`atLeast\` is *slow to acknowledge* where a later try was,
and *not acknowledged* where none was. Inconclusive without a callback.`,
  params: z.strictObject({
    atLeast: z.number().min(0).max(1).default(1).describe('The least share acknowledged at the first try.'),
  }),
  expects: ({ atLeast }) =>
    `2xx at the first try for ${atLeast === 1 ? 'every callback' : `${Math.round(atLeast * 100)} % of the callbacks`}`,
  judgeRun({ of }, { atLeast }) {
    const keyOf = ({
      bizId,
      opType,
      version,
      copy = 1,
    }: {
      bizId: string;
      opType: string;
      version: number;
      copy?: number;
    }) => `${bizId}:${opType}:${version}:${copy}`;
    const sent = Map.groupBy(of('callback.sent'), keyOf);
    if (sent.size === 0) return inconclusive('no callback was sent');
    const answered = of('callback.answered').filter(({ code }) => code >= 200 && code < 300);
    const byKey = Map.groupBy(answered, keyOf);
    const late = [...sent].filter(([key]) => !byKey.get(key)?.some(({ attempt }) => attempt === 1));
    const never = late.filter(([key]) => !byKey.has(key));
    const share = 1 - late.length / sent.size;
    const seen = `${sent.size - late.length} of ${many(sent.size, 'callback')} acknowledged at the first try, ${never.length} never`;
    const figures = { callbacks: sent.size, share };
    const events = (those: typeof late) => those.flatMap(([, [first]]) => first?.seq ?? []);
    if (share >= atLeast) return pass(seen, { events: events([...sent]), figures });
    return fail(seen, {
      finding: never.length > 0 ? 'not acknowledged' : 'slow to acknowledge',
      hint: 'Answer 2xx at once, well within 5 s, and do the work afterwards.',
      events: events(late),
      figures,
    });
  },
});
