import { z } from 'zod';
import type { CallbackTry } from '../../journal.ts';
import { defineCheck, fail, inconclusive, many, pass } from '../check.ts';
import { isAcknowledged } from '../facts.ts';

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
  run: {
    watch(tally) {
      const taken = new Set<string>();
      return {
        event(event) {
          if (event.type !== 'callback.answered') return;
          const { bizId, opType, version, replayed, seq } = event;
          const key = `${bizId}:${opType}:${version}`;
          const acknowledged = isAcknowledged(event);
          if (replayed && isFirstTry(event)) tally.note('lost', [seq]);
          // What is refused is not taken for anything, unless it is said to be known.
          else if (replayed || (acknowledged && taken.has(key))) {
            tally.note('again', [seq]);
            if (!replayed) tally.note('counted twice', [seq]);
          }
          if (acknowledged) taken.add(key);
        },
      };
    },
    judge(tally) {
      const [again, counted, lost] = ['again', 'counted twice', 'lost'].map((kind) => tally.of(kind).count) as [
        number,
        number,
        number,
      ];
      if (again + lost === 0) return inconclusive('no callback was taken twice');
      const figures = { repeated: again, countedTwice: counted, lost };
      if (lost > 0)
        return fail(`took ${many(lost, 'new callback')} for known`, {
          finding: 'lost',
          hint: 'Make the key of all three, biz-id:op-type:version: with less of it the news of another status looks known.',
          ...tally.proofs('lost'),
          figures,
        });
      if (counted === 0)
        return pass(`knew all of ${many(again, 'repeated callback')}`, { ...tally.proofs('again'), figures });
      return fail(`took ${counted} of ${many(again, 'repeated callback')} for new`, {
        finding: 'counted twice',
        hint: 'Keep the key biz-id:op-type:version for 24 h (SET NX in Redis), and answer a known one with `idempotent-replayed: true`.',
        ...tally.proofs('counted twice'),
        figures,
      });
    },
  },
});

const isFirstTry = ({ attempt, copy = 1, replay = 0 }: CallbackTry) => attempt === 1 && copy === 1 && replay === 0;
