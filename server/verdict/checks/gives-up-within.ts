import { z } from 'zod';
import { duration, renderDuration } from '../../scenario/duration.ts';
import type { Call } from '../calls.ts';
import { defineCheck, doubtful, fail, inconclusive, many, type Now, pass } from '../check.ts';
import { endOf, type Request } from '../facts.ts';
import type { Tally } from '../tally.ts';

/** After a longer pause, beside what a refusal asked for, the same request may be another job's: no usual backoff waits so long. */
const PAUSE_MS = 30_000;

/** A client without a deadline waits for ever on a service that never answers (reference, C7). */
export const givesUpWithin = defineCheck({
  name: 'gives-up-within',
  summary: 'Has a deadline: neither waits nor tries again for ever.',
  definition: `Of each logical call that no attempt of it succeeded at, measures from its first attempt to the end of its last, or up to now while one is
under way. Longer than \`within\` is *no deadline*. Inconclusive where every call succeeded, or was given up while nothing was wrong;
and where creates that differ in \`seed\` or \`safety_identifier\` alone failed for so long: attempts at one, or other videos. So it is
where pauses of more than ${PAUSE_MS / 1_000} s lie between equal requests that no id joins: one call, or several jobs.`,
  params: z.strictObject({
    within: duration({ minMs: 1 }).default(60_000).describe('The longest time that a call may take to fail.'),
  }),
  expects: ({ within }) => `a call that does not get through to be given up within ${renderDuration(within)}`,
  client: {
    watch(tally, { within }, { time, calls }) {
      const rows = new WeakMap<Call, Row>();
      return {
        rows,
        request(request) {
          const call = calls.known(request);
          // Only their likeness joins the attempts: after a long pause the next may be another job.
          if (call?.bond !== 'repetition') return;
          const { from, latest, longestMs } = rows.get(call) ?? { from: call.first, latest: call.first, longestMs: 0 };
          const end = endOf(latest) ?? latest.received;
          const pauseMs = time.between(end, request.received) - (latest.answer?.retryAfterMs ?? 0);
          const isOther = pauseMs > PAUSE_MS;
          const rowMs = isOther ? Math.max(longestMs, time.between(from.received, end)) : longestMs;
          rows.set(call, { from: isOther ? request : from, latest: request, longestMs: rowMs });
        },
        callOver(call) {
          note(tally, call, within, { time, row: rows.get(call) });
        },
      };
    },
    judge(tally, { within }, { time, latest, openCalls }, { rows }) {
      for (const call of openCalls) note(tally, call, within, { time, latest, row: rows.get(call) });
      const failed = tally.of('failed');
      if (!failed.most) return inconclusive('no call of it failed in the end');
      const figures = { failed: failed.count, longestMs: failed.most.value };
      const { most, count } = tally.of('no deadline');
      const { most: spaced } = tally.of('spaced');
      if (!most && spaced)
        return doubtful(
          `went on for ${seconds(spaced.value)} with ${spaced.what}, with pauses of over ${seconds(PAUSE_MS)}: one call, or several jobs`,
          { ...tally.proofs('spaced'), figures },
        );
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

/** The attempts at a call since its last long pause, and how long the longest row of them took before that. */
interface Row {
  readonly from: Request;
  readonly latest: Request;
  readonly longestMs: number;
}

/** @param now where it may not be over yet */
function note(
  tally: Tally,
  { method, path, first, last, success, failure, underWay, origin }: Call,
  within: number,
  { time, latest, row }: Pick<Now, 'time'> & Partial<Pick<Now, 'latest'>> & { readonly row: Row | undefined },
): void {
  if (success) return;
  const end = underWay > 0 ? latest : endOf(last);
  if (!end) return;
  const ms = time.between(first.received, end);
  // What is under way fails once it has taken too long.
  if (!failure && ms <= within) return;
  const events = underWay > 0 ? [first.received.seq] : [first.received.seq, end.seq];
  if (underWay === 0 || ms > within) tally.note('failed', events, ms);
  const rowMs = row ? Math.max(row.longestMs, time.between(row.from.received, end)) : ms;
  if (rowMs > within) return tally.note('no deadline', events, rowMs, `${method} ${path}`);
  if (ms > within) return tally.note('spaced', events, ms, `${method} ${path}`);
  const allMs = origin ? time.between(origin.received, end) : 0;
  if (origin && allMs > within) tally.note('changed', [origin.received.seq, ...events], allMs);
}

const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
