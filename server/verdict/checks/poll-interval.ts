import { z } from 'zod';
import { duration, renderDuration } from '../../scenario/duration.ts';
import type { Call } from '../calls.ts';
import { defineCheck, fail, inconclusive, many, onlyHurried, pass } from '../check.ts';
import { type Connection, isHurriedOff, type Request } from '../facts.ts';

const GET_TASK = /\/contents\/generations\/tasks\/[^/]+$/;

/** Get is limited to 20 per second and account (reference, Ark API section 10), and a task takes minutes. */
export const pollInterval = defineCheck({
  name: 'poll-interval',
  summary: 'Polls each task neither too often nor too seldom.',
  definition: `Measures, for each client and task, the time from one Get to the next, repeated attempts at the same call aside. Shorter than
\`atLeast\` is *too often*; longer than \`atMost\` without any attempt, where that is given, is *too seldom*. A wrong interval
in which a rule cut the connection too soon, for the lane's clock ran ahead, is left out. Inconclusive where no task was asked for twice.`,
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
  mergeSensitive: true,
  expects: ({ atLeast, atMost }) =>
    `${renderDuration(atLeast)} or more between two polls of a task${atMost === undefined ? '' : `, ${renderDuration(atMost)} at most`}`,
  client: {
    watch(tally, { atLeast, atMost = Number.POSITIVE_INFINITY, early }, { time }) {
      /** Of each task the latest poll: its first attempt and its latest. */
      const polls = new Map<string, { call: Call; first: Received; latest: Received; connection: Connection }>();
      return {
        request({ received, connection }, call) {
          const { method, path } = call;
          if (method !== 'GET' || !GET_TASK.test(path)) return;
          const before = polls.get(path);
          if (before?.call === call) {
            before.latest = received;
            return;
          }
          if (!before) {
            polls.set(path, { call, first: received, latest: received, connection });
            if (polls.size > TASKS_KEPT) for (const oldest of polls.keys()) return void polls.delete(oldest);
            return;
          }
          // What a fault spoilt, it may have had to ask for once more; the journal may not know yet that it left that connection.
          const isRepair = before.connection.struck && before.connection !== connection;
          const isHurried = isHurriedOff(before.connection, time);
          const { first, latest } = before;
          Object.assign(before, { call, first: received, latest: received, connection });
          if (isRepair) return;
          const ms = time.between(first, received);
          const events = [first.seq, received.seq];
          const finding = ms < atLeast - early ? 'too often' : time.between(latest, received) > atMost && 'too seldom';
          // A client that lost its connection may ask at once on another, or be late.
          if (finding && isHurried) return void tally.note('hurried', events);
          tally.note('interval', events, ms);
          if (finding) tally.note(finding, events);
        },
      };
    },
    judge(tally) {
      const { count, least, most } = tally.of('interval');
      const hurried = tally.of('hurried').count;
      if (count === 0 && hurried > 0) return onlyHurried(hurried, tally.proofs('hurried'));
      if (!least || !most) return inconclusive('it asked for no task twice');
      const figures = { intervals: count, shortestMs: least.value, longestMs: most.value };
      const seen = `polled every ${Math.round(figures.shortestMs)} to ${Math.round(figures.longestMs)} ms`;
      const [often, seldom] = [tally.of('too often').count, tally.of('too seldom').count];
      if (often > 0)
        return fail(`${seen} (${often} of ${many(count, 'interval')} too short)`, {
          finding: 'too often',
          hint: 'Wait between polls, also after an answer that came fast: a video takes minutes.',
          ...tally.proofs('too often'),
          figures,
        });
      if (seldom > 0)
        return fail(`${seen} (${seldom} of ${many(count, 'interval')} too long)`, {
          finding: 'too seldom',
          hint: 'Poll more often, or take callbacks: a result that nobody fetches is gone after a day.',
          ...tally.proofs('too seldom'),
          figures,
        });
      return pass(seen, { ...tally.proofs('interval'), figures });
    },
  },
});

/** How many tasks are remembered per client. */
const TASKS_KEPT = 10_000;

type Received = Request['received'];
