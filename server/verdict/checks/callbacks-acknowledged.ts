import { z } from 'zod';
import type { CallbackNews, CallbackTry } from '../../journal.ts';
import { defineCheck, fail, inconclusive, many, pass, percent } from '../check.ts';
import { isAcknowledged } from '../facts.ts';

/** The service tries four times, five seconds each, and then never again (reference, Ark API section 9). */
export const callbacksAcknowledged = defineCheck({
  name: 'callbacks-acknowledged',
  summary: 'Acknowledges callbacks with 2xx, at the first try.',
  definition: `Of all callbacks whose first try is over, the share that was acknowledged by it with 2xx. Below \`atLeast\` is *slow to acknowledge*
where a later try was, and *not acknowledged* where none was. The replay of a dead letter is a later try. A first try that timed out while
the lane's clock ran ahead of the receiver's is left out: it had less time than the service gives. Inconclusive without a callback.`,
  params: z.strictObject({
    atLeast: z.number().min(0).max(1).default(1).describe('The least share acknowledged at the first try.'),
  }),
  expects: ({ atLeast }) =>
    `2xx at the first try for ${atLeast === 1 ? 'every callback' : `${percent(atLeast)} of the callbacks`}`,
  run: {
    watch(tally, _params, { time }) {
      /** Those whose first try, or a later one, has not been acknowledged yet. */
      const waiting = new Map<string, Waiting>();
      return {
        waiting,
        event(event) {
          if (event.type === 'callback.sent') {
            const key = keyOf(event);
            if (!waiting.has(key) && isFirstTry(event)) waiting.set(key, { seq: event.seq, tried: false });
            tally.note('sent', []);
          }
          const isAnswered = event.type === 'callback.answered';
          if (!isAnswered && event.type !== 'callback.failed') return;
          const key = keyOf(event);
          const news = waiting.get(key);
          if (!news) return;
          const isFirst = isFirstTry(event);
          // By the receiver's time it had less than the service gives it.
          if (isFirst && !isAnswered && event.timedOut && time.isHurried(event)) {
            tally.note('hurried', [news.seq, event.seq]);
            waiting.delete(key);
            return;
          }
          news.tried = true;
          if (!isAnswered || !isAcknowledged(event)) return;
          tally.note(isFirst ? 'at once' : 'late', [news.seq]);
          waiting.delete(key);
        },
      };
    },
    judge(tally, { atLeast }, _, { waiting }) {
      if (tally.of('sent').count === 0) return inconclusive('no callback was sent');
      for (const { seq, tried } of waiting.values()) if (tried) tally.note('never', [seq]);
      const [atOnce, late, never] = ['at once', 'late', 'never'].map((kind) => tally.of(kind).count) as [
        number,
        number,
        number,
      ];
      const total = atOnce + late + never;
      const hurried = tally.of('hurried').count;
      if (total === 0 && hurried > 0)
        return inconclusive(
          `${many(hurried, 'callback')} timed out sooner than at the service: the lane's clock runs ahead`,
          tally.proofs('hurried'),
        );
      if (total === 0) return inconclusive('no callback had its answer yet');
      const share = atOnce / total;
      const seen = `${atOnce} of ${many(total, 'callback')} acknowledged at the first try, ${never} never`;
      const figures = { callbacks: total, share };
      if (share >= atLeast) return pass(seen, { ...tally.proofs('at once', 'late', 'never'), figures });
      return fail(seen, {
        finding: never > 0 ? 'not acknowledged' : 'slow to acknowledge',
        hint: 'Answer 2xx at once, well within 5 s, and do the work afterwards.',
        ...tally.proofs('late', 'never'),
        figures,
        provisional: true,
      });
    },
  },
});

/** A callback without an acknowledgement so far. */
interface Waiting {
  /** Of its first sending. */
  readonly seq: number;
  /** Its first try is over. */
  tried: boolean;
}

/** A copy is a callback of its own; a replay of a dead letter is a later try. */
const keyOf = ({ bizId, opType, version, copy = 1 }: CallbackNews) => `${bizId}:${opType}:${version}:${copy}`;
const isFirstTry = ({ attempt, replay = 0 }: CallbackTry) => attempt === 1 && replay === 0;
