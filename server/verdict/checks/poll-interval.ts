import { z } from 'zod';
import { duration, renderDuration } from '../../scenario/duration.ts';
import { Recent } from '../bounded.ts';
import { defineCheck, doubtful, fail, inconclusive, many, onlyHurried, pass } from '../check.ts';
import { type Connection, isHurriedOff, type Request } from '../facts.ts';
import { isOver } from '../sightings.ts';

/** Get is limited to 20 per second and account (reference, Ark API section 10), and a task takes minutes. */
export const pollInterval = defineCheck({
  name: 'poll-interval',
  summary: 'Polls each task neither too often nor too seldom.',
  definition: `Measures, for each client and task, the time from one Get to the next, repeated attempts at the same call aside. Shorter than
\`atLeast\` is *too often*; the first Get after a callback on the task confirms that, and does not count; longer than \`atMost\` without any attempt, where that is given, is *too seldom*. A wrong interval
in which a rule cut the connection too soon, for the lane's clock ran ahead, is left out. Inconclusive where no task was asked for twice, and where
what came too soon followed on an answer after GOAWAY, on another connection: the library may have dropped that answer.`,
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
    watch(tally, { atLeast, atMost: longest, early }, { time, following, calls }) {
      const atMost = longest ?? Number.POSITIVE_INFINITY;
      const polls = new Recent<string, Poll>(longest === undefined ? KEPT_MS : RESULT_KEPT_MS);
      return {
        request(request) {
          const { received, connection, asked, target } = request;
          if (asked === undefined) return;
          const { path } = target;
          const before = polls.get(path);
          const isSame = before !== undefined && calls.known(request)?.first.received === before.first;
          // It confirms what a callback says, and is none of the polls by the clock.
          const calledAt = following.calledAt(asked);
          if (before && calledAt > Math.max(before.latest.seq, before.confirmed ?? 0)) {
            before.confirmed = calledAt;
            return void tally.note('confirmed', [calledAt, received.seq]);
          }
          const first = isSame ? before.first : received;
          const on = isSame ? before.connection : connection;
          polls.set(path, { first, latest: received, connection: on }, time.at(received));
          if (!before || isSame || before.last) return;
          // What a fault spoilt, it may have had to ask for once more; the journal may not know yet that it left that connection.
          const isRepair = before.connection.struck && before.connection !== connection;
          const isHurried = isHurriedOff(before.connection, time);
          if (isRepair) return;
          const ms = time.between(before.first, received);
          const events = [before.first.seq, received.seq];
          const isSeldom = time.between(before.latest, received) > atMost;
          const finding = ms < atLeast - early ? 'too often' : isSeldom && 'too seldom';
          // Its library may have dropped what came on a connection that was being closed.
          if (finding === 'too often' && before.drained && before.connection !== connection)
            return void tally.note('drained', events, ms);
          // A client that lost its connection may ask at once on another, or be late.
          if (finding && isHurried) return void tally.note('hurried', events);
          tally.note('interval', events, ms);
          // Stryker disable next-line ConditionalExpression: what is no finding is a kind that is never read.
          if (finding) tally.note(finding, events);
        },
        answered(request) {
          const poll = request.asked === undefined ? undefined : polls.get(request.target.path);
          if (!poll) return;
          const isOverNow = isOver(following.statusShownBy(request) ?? '');
          poll.drained = request.connection.goaways.length > 0;
          poll.last ||= isOverNow || (request.answer?.status === 404 && following.exists(request.asked ?? ''));
        },
      };
    },
    judge(tally) {
      const { count, least, most } = tally.of('interval');
      const hurried = tally.of('hurried').count;
      const drained = tally.of('drained');
      const doubt =
        drained.least &&
        doubtful(
          `asked again ${Math.round(drained.least.value)} ms after a poll that was answered after GOAWAY: its library dropped the answer, or it polls too often`,
          { ...tally.proofs('drained'), hint: HINT_DRAINED },
        );
      if (count === 0 && doubt) return doubt;
      if (count === 0 && hurried > 0) return onlyHurried(hurried, tally.proofs('hurried'));
      // Stryker disable next-line LogicalOperator: there are both or none.
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
      return doubt ?? pass(seen, { ...tally.proofs('interval'), figures });
    },
  },
});

const HINT_DRAINED =
  'Use a library that waits for the answers on a drained connection, or wait before you repeat a poll that it lost.';

/** How long a task that is not polled is remembered; longer where a poll may come too late. */
const KEPT_MS = 900_000;
/** Nothing is left to ask for after that. */
const RESULT_KEPT_MS = 172_800_000;

/** The latest poll of a task: its first attempt and its latest. */
interface Poll {
  readonly first: Request['received'];
  readonly latest: Request['received'];
  readonly connection: Connection;
  /** Its answer went out on a connection that had been sent a GOAWAY. */
  drained?: boolean;
  /** The callback that a Get has confirmed since. */
  confirmed?: number;
  /** What the client asks next is no poll: it has seen the end, or got a 404 for a task that exists. */
  last?: boolean;
}
