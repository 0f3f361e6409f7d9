import { z } from 'zod';
import { duration, renderDuration } from '../../scenario/duration.ts';
import { Recent } from '../bounded.ts';
import { defineCheck, doubtful, fail, inconclusive, many, pass } from '../check.ts';
import type { ClientTime } from '../client-time.ts';
import { hasFailed, isLeft, isStruck, isWhole, type Request } from '../facts.ts';

/** The latest attempt at something, and how many before it were given up too soon. */
interface Row {
  readonly latest: Request;
  readonly hasty: number;
}

/** A time-out that is too short turns slowness into load (reference, E1). */
export const noRetryStorm = defineCheck({
  name: 'no-retry-storm',
  summary: 'Waits for a slow answer: does not cancel a call again and again to send it once more.',
  definition: `Looks at each attempt on which a fault was at work and that the client ended itself before its answer was complete. Ended less than
\`patience\` after it was sent, and sent again less than \`patience\` later, with the same method, path and body, it is given up too soon. More
than \`atMost\` of them in a row are a *retry storm*: each adds load, and none gets an answer. A longer time-out or a longer wait
ends the row, and so does an answer. Inconclusive where the client neither gave up such an attempt nor waited for its answer, and
where the creates of a row differ in \`seed\` or \`safety_identifier\` alone.`,
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
      const add = (key: string, request: Request) => {
        const { received } = request;
        const before = rows.get(key);
        const events = before && givenUpSoon(before.latest, received, { patience, time });
        const hasty = events ? (before?.hasty ?? 0) + 1 : 0;
        rows.set(key, { latest: request, hasty }, time.at(received));
        return { events, hasty };
      };
      return {
        request(request) {
          const { body, place } = request;
          const { events, hasty } = add(body ? `${place} ${body.digest}` : place, request);
          if (events) tally.note('given up', events, hasty);
          if (events && hasty > atMost) tally.note('retry storm', events, hasty);
          if (body?.intent === undefined) return;
          const wanted = add(`${place} wants ${body.intent}`, request);
          if (wanted.events && wanted.hasty > atMost) tally.note('changed', wanted.events, wanted.hasty);
        },
        over(request) {
          if (isStruck(request) && isWhole(request)) tally.note('waited', [request.received.seq]);
        },
      };
    },
    judge(tally, _params, { unsettled }) {
      for (const [request] of unsettled)
        if (isStruck(request) && isWhole(request)) tally.note('waited', [request.received.seq]);
      const [storm, soon, waited] = [tally.of('retry storm'), tally.of('given up'), tally.of('waited')];
      const figures = { givenUp: soon.count, inARow: soon.most?.value ?? 0, waited: waited.count };
      if (storm.most)
        return fail(`gave up ${storm.most.value} attempts in a row, each too soon, and sent the same again`, {
          finding: 'retry storm',
          hint: 'Lengthen the time-out of an attempt, or the wait after it, each time; it must exceed what an answer takes.',
          ...tally.proofs('retry storm'),
          figures,
        });
      const { most: changed } = tally.of('changed');
      if (changed)
        return doubtful(
          `gave up ${changed.value} creates in a row, each too soon, that differ in seed or mark alone: one create, or several`,
          { ...tally.proofs('changed'), figures },
        );
      if (soon.count + waited.count === 0) return inconclusive('no call of it was slow by a fault');
      return pass(`waited for ${many(waited.count, 'answer')}, and gave up ${many(soon.count, 'attempt')} too soon`, {
        ...tally.proofs('waited', 'given up'),
        figures,
      });
    },
  },
});

/** The events of an attempt that was ended too soon, and sent again too soon; undefined for any other. */
function givenUpSoon(
  latest: Request,
  next: Request['received'],
  { patience, time }: { readonly patience: number; readonly time: ClientTime },
): readonly number[] | undefined {
  const { cut, received } = latest;
  // Stryker disable next-line ConditionalExpression,EqualityOperator,LogicalOperator: isLeft says so too, unknown to the compiler.
  if (cut === undefined || !isLeft(latest) || !hasFailed(latest)) return undefined;
  const isSoon = time.between(received, cut) < patience && time.between(cut, next) < patience;
  return isSoon ? [received.seq, cut.seq, next.seq] : undefined;
}
