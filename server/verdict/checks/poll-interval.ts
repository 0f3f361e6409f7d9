import { z } from 'zod';
import { duration, renderDuration } from '../../scenario/duration.ts';
import { defineCheck, fail, inconclusive, many, pass } from '../check.ts';
import type { Call, Evidence } from '../evidence.ts';

const GET_TASK = /\/contents\/generations\/tasks\/[^/]+$/;

/** Get is limited to 20 per second and account (reference, Ark API section 10), and a task takes minutes. */
export const pollInterval = defineCheck({
  name: 'poll-interval',
  summary: 'Polls each task neither too often nor too seldom.',
  definition: `Measures, for each client and task, the time from one Get to the next, repeated attempts at the same call aside. Shorter than
\`atLeast\` is *too often*; longer than \`atMost\` without any attempt, where that is given, is *too seldom*. Inconclusive where no task was asked for twice.`,
  params: z
    .strictObject({
      atLeast: duration().default(1_000).describe('The shortest time between two polls of a task.'),
      atMost: duration().optional().describe('The longest.'),
      early: duration().default(20).describe('An interval may be this much shorter: clocks tick.'),
    })
    .refine(({ atLeast, atMost = atLeast }) => atMost >= atLeast, {
      path: ['atMost'],
      error: 'Write no less than `atLeast`, 1s if it is left out: no client could meet both.',
    }),
  expects: ({ atLeast, atMost }) =>
    `${renderDuration(atLeast)} or more between two polls of a task${atMost === undefined ? '' : `, ${renderDuration(atMost)} at most`}`,
  judgeClient({ calls }, { atLeast, atMost = Number.POSITIVE_INFINITY, early }, evidence) {
    const polls = calls.filter(({ method, path }) => method === 'GET' && GET_TASK.test(path));
    const intervals = [...Map.groupBy(polls, ({ path }) => path).values()].flatMap((those) => measure(those, evidence));
    if (intervals.length === 0) return inconclusive('it asked for no task twice');
    const ms = intervals.map((interval) => interval.ms);
    const figures = { intervals: ms.length, shortestMs: Math.min(...ms), longestMs: Math.max(...ms) };
    const hasty = intervals.filter((interval) => interval.ms < atLeast - early);
    const slow = intervals.filter((interval) => interval.silentMs > atMost);
    const seen = `polled every ${Math.round(figures.shortestMs)} to ${Math.round(figures.longestMs)} ms`;
    const events = (those: typeof intervals) => those.flatMap((interval) => interval.events);
    if (hasty.length > 0)
      return fail(`${seen} (${hasty.length} of ${many(ms.length, 'interval')} too short)`, {
        finding: 'too often',
        hint: 'Wait between polls, also after an answer that came fast: a video takes minutes.',
        events: events(hasty),
        figures,
      });
    if (slow.length > 0)
      return fail(`${seen} (${slow.length} of ${many(ms.length, 'interval')} too long)`, {
        finding: 'too seldom',
        hint: 'Poll more often, or take callbacks: a result that nobody fetches is gone after a day.',
        events: events(slow),
        figures,
      });
    return pass(seen, { events: events(intervals), figures });
  },
});

/** From the first attempt at each poll to that at the next; and of that the time since the latest attempt. */
function measure(polls: readonly Call[], { time }: Evidence) {
  return polls.slice(1).flatMap(({ attempts: [later] }, index) => {
    const before = polls[index]?.attempts ?? [];
    const [earlier] = before;
    if (!earlier || !later) return [];
    const latest = before.findLast(({ received }) => received.seq < later.received.seq) ?? earlier;
    return [
      {
        ms: time.between(earlier.received, later.received),
        silentMs: time.between(latest.received, later.received),
        events: [earlier.received.seq, later.received.seq],
      },
    ];
  });
}
