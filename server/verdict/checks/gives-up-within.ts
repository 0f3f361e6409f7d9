import { z } from 'zod';
import { duration, renderDuration } from '../../scenario/duration.ts';
import type { Call } from '../calls.ts';
import { defineCheck, doubtful, fail, inconclusive, many, type Now, pass } from '../check.ts';
import { endOf } from '../facts.ts';
import type { Tally } from '../tally.ts';

/** A client without a deadline waits for ever on a service that never answers (reference, C7). */
export const givesUpWithin = defineCheck({
  name: 'gives-up-within',
  summary: 'Has a deadline: neither waits nor tries again for ever.',
  definition: `Of each logical call that no attempt of it succeeded at, measures from its first attempt to the end of its last, or up to now while one is
under way. Longer than \`within\` is *no deadline*. Inconclusive where every call succeeded, or was given up while nothing was wrong;
and where creates that differ in \`seed\` or \`safety_identifier\` alone failed for so long: attempts at one, or other videos.`,
  params: z.strictObject({
    within: duration({ minMs: 1 }).default(60_000).describe('The longest time that a call may take to fail.'),
  }),
  expects: ({ within }) => `a call that does not get through to be given up within ${renderDuration(within)}`,
  client: {
    watch: (tally, { within }, { time }) => ({
      callOver(call) {
        note(tally, call, within, { time });
      },
    }),
    judge(tally, { within }, { time, latest, openCalls }) {
      for (const call of openCalls) note(tally, call, within, { time, latest });
      const failed = tally.of('failed');
      if (!failed.most) return inconclusive('no call of it failed in the end');
      const figures = { failed: failed.count, longestMs: failed.most.value };
      const { most, count } = tally.of('no deadline');
      const changed = tally.of('changed').most;
      if (!most && changed)
        return doubtful(
          `sent creates for ${seconds(changed.value)} that differ in seed or mark alone: attempts at one, or other videos`,
          { ...tally.proofs('changed'), figures },
        );
      if (!most)
        return pass(`gave up ${many(failed.count, 'call')}, after ${seconds(figures.longestMs)} at most`, {
          ...tally.proofs('failed'),
          figures,
        });
      return fail(`went on for ${seconds(most.value)} with ${most.what} (${count} of ${many(failed.count, 'call')})`, {
        finding: 'no deadline',
        hint: 'Bound each attempt with a time-out, and all attempts at a call together with a deadline.',
        ...tally.proofs('no deadline'),
        figures,
      });
    },
  },
});

/** @param now where it may not be over yet */
function note(
  tally: Tally,
  { method, path, first, last, success, failure, underWay, origin }: Call,
  within: number,
  { time, latest }: Pick<Now, 'time'> & Partial<Pick<Now, 'latest'>>,
): void {
  if (success) return;
  const end = underWay > 0 ? latest : endOf(last);
  if (!end) return;
  const ms = time.between(first.received, end);
  // What is under way fails once it has taken too long.
  if (!failure && ms <= within) return;
  const events = underWay > 0 ? [first.received.seq] : [first.received.seq, end.seq];
  if (underWay === 0 || ms > within) tally.note('failed', events, ms);
  if (ms > within) return tally.note('no deadline', events, ms, `${method} ${path}`);
  const rowMs = origin ? time.between(origin.received, end) : 0;
  if (origin && rowMs > within) tally.note('changed', [origin.received.seq, ...events], rowMs);
}

const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
