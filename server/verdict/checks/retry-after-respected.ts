import { z } from 'zod';
import { duration } from '../../scenario/duration.ts';
import { defineCheck, fail, inconclusive, many, pass } from '../check.ts';
import type { Request } from '../evidence.ts';

/** RFC 9110, section 10.2.3. */
export const retryAfterRespected = defineCheck({
  name: 'retry-after-respected',
  summary: 'Waits as long as Retry-After asks before it tries the call again.',
  definition: `Of each attempt that was refused with a \`Retry-After\`, measures from the end of that answer to the next attempt at the
same logical call. Shorter than asked, but for \`early\`, is *too early*. A call that was given up is no failure. Inconclusive where no
refused call was tried again.`,
  params: z.strictObject({
    early: duration().default(5).describe('A wait may be this much shorter: clocks tick.'),
  }),
  expects: () => 'no new attempt before Retry-After is over',
  judgeClient({ calls }, { early }, { time }) {
    const waits = calls.flatMap(({ attempts }) =>
      attempts.flatMap((attempt) => {
        const answer = refusalOf(attempt);
        // Not one that was on its way already when the refusal came.
        const later = answer && attempts.find(({ received }) => received.seq > answer.seq);
        if (!later) return [];
        const events = [answer.seq, later.received.seq];
        return [{ askedMs: answer.retryAfterMs ?? 0, ms: time.between(answer, later.received), events }];
      }),
    );
    const refused = calls.flatMap(({ attempts }) => attempts.flatMap((attempt) => refusalOf(attempt) ?? []));
    const events = waits.flatMap((wait) => wait.events);
    if (waits.length === 0)
      return inconclusive(
        refused.length === 0 ? 'it was given no Retry-After' : `it gave up after ${many(refused.length, 'refusal')}`,
        refused.map(({ seq }) => seq),
      );
    const figures = { refusals: refused.length, retries: waits.length };
    const hasty = waits.filter(({ ms, askedMs }) => ms < askedMs - early);
    const [worst] = hasty.toSorted((a, b) => a.ms - a.askedMs - (b.ms - b.askedMs));
    if (!worst) return pass(`waited as asked before each of ${many(waits.length, 'new attempt')}`, { events, figures });
    return fail(
      `tried again after ${Math.round(worst.ms)} ms, asked to wait ${Math.round(worst.askedMs)} ms (${hasty.length} of ${many(waits.length, 'new attempt')})`,
      {
        finding: 'too early',
        hint: 'Read Retry-After, in seconds or as a date, and wait at least that long, whatever your own backoff says.',
        events: hasty.flatMap((wait) => wait.events),
        figures,
      },
    );
  },
});

const refusalOf = (attempt: Request) =>
  attempt.answer?.retryAfterMs !== undefined && !attempt.cut ? attempt.answer : undefined;
