import { z } from 'zod';
import type { CallbackTry, JournalEvent } from '../../journal.ts';
import { defineCheck, fail, inconclusive, many, pass } from '../check.ts';
import { isAcknowledged } from '../evidence.ts';

/** Callbacks may come twice; the key is `biz-id:op-type:version` (reference, D1 and D3). */
export const callbacksDeduplicated = defineCheck({
  name: 'callbacks-deduplicated',
  summary: 'Knows a callback that it has had before, and says so.',
  definition: `Of each callback that had been acknowledged before (a copy, or a new try after an acknowledgement that was lost), looks at what the receiver
answers: \`idempotent-replayed: true\` says that it knew the key \`biz-id:op-type:version\` and did nothing. Taken without it, it is *counted
twice*; one that says so of the first try of a callback is *lost*. One that is refused tells nothing. Inconclusive where nothing was
taken twice.`,
  params: z.strictObject({}),
  expects: () => '`idempotent-replayed: true` in the answer to every callback that was acknowledged before',
  judgeRun({ of }) {
    const taken = new Set<string>();
    const again: JournalEvent<'callback.answered'>[] = [];
    const lost: JournalEvent<'callback.answered'>[] = [];
    for (const event of of('callback.answered')) {
      const { bizId, opType, version, replayed } = event;
      const key = `${bizId}:${opType}:${version}`;
      const acknowledged = isAcknowledged(event);
      if (replayed && isFirstTry(event)) lost.push(event);
      // What is refused is not taken for anything, unless it is said to be known.
      else if (replayed || (acknowledged && taken.has(key))) again.push(event);
      if (acknowledged) taken.add(key);
    }
    if (again.length + lost.length === 0) return inconclusive('no callback was taken twice');
    const counted = again.filter(({ replayed }) => !replayed);
    const figures = { repeated: again.length, countedTwice: counted.length, lost: lost.length };
    if (lost.length > 0)
      return fail(`took ${many(lost.length, 'new callback')} for known`, {
        finding: 'lost',
        hint: 'Make the key of all three, biz-id:op-type:version: with less of it the news of another status looks known.',
        events: lost.map(({ seq }) => seq),
        figures,
      });
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

const isFirstTry = ({ attempt, copy = 1, replay = 0 }: CallbackTry) => attempt === 1 && copy === 1 && replay === 0;
