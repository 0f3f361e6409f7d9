import { z } from 'zod';
import type { CallbackNews, CallbackTry } from '../../journal.ts';
import { defineCheck, fail, inconclusive, many, pass, percent } from '../check.ts';
import { isAcknowledged } from '../evidence.ts';

/** The service tries four times, five seconds each, and then never again (reference, Ark API section 9). */
export const callbacksAcknowledged = defineCheck({
  name: 'callbacks-acknowledged',
  summary: 'Acknowledges callbacks with 2xx, at the first try.',
  definition: `Of all callbacks whose first try is over, the share that was acknowledged by it with 2xx. Below \`atLeast\` is *slow to acknowledge*
where a later try was, and *not acknowledged* where none was. The replay of a dead letter is a later try. Inconclusive without a callback.`,
  params: z.strictObject({
    atLeast: z.number().min(0).max(1).default(1).describe('The least share acknowledged at the first try.'),
  }),
  expects: ({ atLeast }) =>
    `2xx at the first try for ${atLeast === 1 ? 'every callback' : `${percent(atLeast)} of the callbacks`}`,
  judgeRun({ of }, { atLeast }) {
    const all = Map.groupBy(of('callback.sent'), keyOf);
    if (all.size === 0) return inconclusive('no callback was sent');
    const tried = new Set([...of('callback.answered'), ...of('callback.failed')].filter(isFirstTry).map(keyOf));
    const sent = [...all].filter(([key]) => tried.has(key));
    if (sent.length === 0) return inconclusive('no callback had its answer yet');
    const acknowledged = Map.groupBy(of('callback.answered').filter(isAcknowledged), keyOf);
    const late = sent.filter(([key]) => !acknowledged.get(key)?.some(isFirstTry));
    const never = late.filter(([key]) => !acknowledged.has(key));
    const share = (sent.length - late.length) / sent.length;
    const seen = `${sent.length - late.length} of ${many(sent.length, 'callback')} acknowledged at the first try, ${never.length} never`;
    const figures = { callbacks: sent.length, share };
    const events = (those: typeof late) => those.flatMap(([, [first]]) => first?.seq ?? []);
    if (share >= atLeast) return pass(seen, { events: events(sent), figures });
    return fail(seen, {
      finding: never.length > 0 ? 'not acknowledged' : 'slow to acknowledge',
      hint: 'Answer 2xx at once, well within 5 s, and do the work afterwards.',
      events: events(late),
      figures,
    });
  },
});

/** A copy is a callback of its own; a replay of a dead letter is a later try. */
const keyOf = ({ bizId, opType, version, copy = 1 }: CallbackNews) => `${bizId}:${opType}:${version}:${copy}`;
const isFirstTry = ({ attempt, replay = 0 }: CallbackTry) => attempt === 1 && replay === 0;
