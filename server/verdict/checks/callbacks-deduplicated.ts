import { z } from 'zod';
import { defineCheck, fail, inconclusive, many, pass } from '../check.ts';

/** Callbacks may come twice; the key is `biz-id:op-type:version` (reference, D1 and D3). */
export const callbacksDeduplicated = defineCheck({
  name: 'callbacks-deduplicated',
  summary: 'Knows a callback that it has had before, and says so.',
  definition: `Of each callback that had been acknowledged before (a copy, or a new try after an acknowledgement that was lost), looks at what the receiver
answers: \`idempotent-replayed: true\` says that it knew the key \`biz-id:op-type:version\` and did nothing. Without it, it is *counted twice*.
Inconclusive where nothing came twice.`,
  params: z.strictObject({}),
  expects: () => '`idempotent-replayed: true` in the answer to every callback that was acknowledged before',
  judgeRun({ of }) {
    const first = new Set<string>();
    const again = of('callback.answered').filter(({ bizId, opType, version, code }) => {
      const key = `${bizId}:${opType}:${version}`;
      const known = first.has(key);
      if (code >= 200 && code < 300) first.add(key);
      return known;
    });
    if (again.length === 0) return inconclusive('no callback came twice');
    const counted = again.filter(({ replayed }) => !replayed);
    const figures = { repeated: again.length, countedTwice: counted.length };
    if (counted.length === 0)
      return pass(`knew all of ${many(again.length, 'repeated callback')}`, {
        events: again.map(({ seq }) => seq),
        figures,
      });
    return fail(`took ${counted.length} of ${many(again.length, 'repeated callback')} for new`, {
      finding: 'counted twice',
      hint: 'Keep the key biz-id:op-type:version for 24 h (SET NX in Redis), and answer a known one with `idempotent-replayed: true`.',
      events: counted.map(({ seq }) => seq),
      figures,
    });
  },
});
