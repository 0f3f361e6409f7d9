import { z } from 'zod';
import { duration, renderDuration } from '../../scenario/duration.ts';
import { Recent } from '../bounded.ts';
import { defineCheck, doubtful, fail, inconclusive, many, pass } from '../check.ts';
import type { ClientTime } from '../client-time.ts';
import { endOf, hasFailed, isLeft, isStruck, isWhole, type Request } from '../facts.ts';
import type { Tally } from '../tally.ts';

/** The latest attempt at something, and how many before it were given up too soon. */
interface Row {
  readonly latest: Request;
  readonly hasty: number;
  /** How many of these, the latest, came on a connection that was opened for the next attempt. */
  readonly reopened: number;
  /** How many in a row were given up so, or sent again while they had no answer. */
  readonly left: number;
}

/** What is sent so soon after the same was sent at the same time: its client did not wait for the first. */
const PARALLEL_MS = 20;

/** A time-out that is too short turns slowness into load (reference, E1). */
export const noRetryStorm = defineCheck({
  name: 'no-retry-storm',
  summary: 'Waits for a slow answer: does not cancel a call again and again to send it once more.',
  definition: `Looks at each attempt on which a fault was at work and that the client ended itself before its answer was complete. Ended less than
\`patience\` after it was sent, and sent again less than \`patience\` later, with the same method, path and body, it is given up too soon. More
than \`atMost\` of them in a row are a *retry storm*: each adds load, and none gets an answer. A longer time-out or a longer wait
ends the row, and so does an answer. Where each attempt opens a connection, all are of one client. Inconclusive where the client neither gave up such an attempt nor waited for its answer, and
where the creates of a row differ in \`seed\` or \`safety_identifier\` alone, or where the same comes
more than \`atMost\` times in a row before the answer to the one before: its client gave that up without a sign, or asks in parallel.`,
  params: z.strictObject({
    patience: duration({ minMs: 1 }).default(1_000).describe('A shorter time-out, or a shorter wait, is too short.'),
    atMost: z.int().min(0).default(3).describe('How many attempts in a row may be given up too soon.'),
  }),
  mergeSensitive: true,
  expects: ({ patience, atMost }) =>
    `at most ${many(atMost, 'attempt')} in a row to be given up within ${renderDuration(patience)}`,
  client: {
    watch(tally, { patience, atMost }, { time }) {
      // What was sent longer ago than that is not sent again too soon.
      const rows = new Recent<string, Row>(2 * patience);
      /** What was sent again while it had no answer: its client may have given it up, and left its stream open, as httpx does. */
      const left = new WeakSet<Request>();
      const add = (key: string, request: Request) => {
        const { received } = request;
        const before = rows.get(key);
        const events = before && givenUpSoon(before.latest, received, { patience, time });
        const hasty = events ? (before?.hasty ?? 0) + 1 : 0;
        const reopened = events && isReopened(before?.latest, request) ? (before?.reopened ?? 0) + 1 : 0;
        const again = before && sentAgain(before.latest, received, { patience, time });
        const row = { latest: request, hasty, reopened, left: events || again ? (before?.left ?? 0) + 1 : 0 };
        rows.set(key, row, time.at(received));
        if (again) left.add(before.latest);
        return { ...row, events, again };
      };
      const noteWaited = (request: Request, to: Tally) => {
        if (isStruck(request) && isWhole(request) && !left.has(request)) to.note('waited', [request.received.seq]);
      };
      return {
        request(request) {
          const { body, place } = request;
          const { events, hasty, again, ...row } = add(body ? `${place} ${body.digest}` : place, request);
          if (again) tally.note('left open', again);
          if (row.left > Math.max(hasty, atMost)) tally.note('left in a row', again ?? events ?? [], row.left);
          if (events) tally.note('given up', events, hasty);
          if (events && hasty > atMost) tally.note('retry storm', events, hasty);
          if (events && row.reopened > atMost) tally.note('reopened', events);
          if (body?.intent === undefined) return;
          const wanted = add(`${place} wants ${body.intent}`, request);
          if (wanted.events && wanted.hasty > atMost) tally.note('changed', wanted.events, wanted.hasty);
        },
        noteWaited,
        over(request) {
          noteWaited(request, tally);
        },
      };
    },
    judge(tally, _params, { unsettled }, { noteWaited }) {
      for (const request of unsettled) noteWaited(request, tally);
      const [storm, soon, waited] = [tally.of('retry storm'), tally.of('given up'), tally.of('waited')];
      const figures = { givenUp: soon.count, inARow: soon.most?.value ?? 0, waited: waited.count };
      if (storm.most)
        return fail(`gave up ${storm.most.value} attempts in a row, each too soon, and sent the same again`, {
          finding: 'retry storm',
          hint: HINT,
          ...tally.proofs('retry storm'),
          figures,
          // Programs that are replicas do not each open a connection when another one gives up.
          ...(tally.of('reopened').count > 0 && { oneProgram: true }),
        });
      const { most: changed } = tally.of('changed');
      if (changed)
        return doubtful(
          `gave up ${changed.value} creates in a row, each too soon, that differ in seed or mark alone: one create, or several`,
          { ...tally.proofs('changed'), figures },
        );
      const left = tally.of('left open');
      const { most: row } = tally.of('left in a row');
      if (row)
        return doubtful(
          `sent the same ${row.value} times in a row before the answer: it gave up without RST_STREAM, or asks in parallel`,
          { ...tally.proofs('left in a row'), hint: HINT, figures },
        );
      if (soon.count + left.count + waited.count === 0) return inconclusive('no call of it was slow by a fault');
      const again = left.count > 0 ? `, and sent ${left.count} again before the answer` : '';
      return pass(
        `waited for ${many(waited.count, 'answer')}, and gave up ${many(soon.count, 'attempt')} too soon${again}`,
        { ...tally.proofs('waited', 'given up', 'left open'), figures },
      );
    },
  },
});

const HINT =
  'Lengthen the time-out of an attempt, or the wait after it, each time; it must exceed what an answer takes.';

/** The events of an attempt on which a fault was at work, and that came again before it had an answer, but not at the same time. */
function sentAgain(
  latest: Request,
  next: Request['received'],
  { patience, time }: Soon,
): readonly number[] | undefined {
  if (endOf(latest) || !isStruck(latest)) return undefined;
  const ms = time.between(latest.received, next);
  return ms >= PARALLEL_MS && ms < patience ? [latest.received.seq, next.seq] : undefined;
}

interface Soon {
  readonly patience: number;
  readonly time: ClientTime;
}

/** Whether an attempt is the first request of a connection that was opened once the one before was given up. */
const isReopened = (before: Request | undefined, { connection: { opened, requests } }: Request): boolean =>
  // Stryker disable next-line EqualityOperator: no two events have the same number.
  requests === 1 && (opened?.seq ?? 0) > (before?.cut?.seq ?? Number.POSITIVE_INFINITY);

/** The events of an attempt that was ended too soon, and sent again too soon; undefined for any other. */
function givenUpSoon(
  latest: Request,
  next: Request['received'],
  { patience, time }: Soon,
): readonly number[] | undefined {
  const { cut, received } = latest;
  // Stryker disable next-line ConditionalExpression: isLeft says so too, unknown to the compiler.
  if (cut === undefined || !isLeft(latest) || !hasFailed(latest)) return undefined;
  const isSoon = time.between(received, cut) < patience && time.between(cut, next) < patience;
  return isSoon ? [received.seq, cut.seq, next.seq] : undefined;
}
