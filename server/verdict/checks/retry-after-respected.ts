import { z } from 'zod';
import type { JournalEvent } from '../../journal.ts';
import { duration } from '../../scenario/duration.ts';
import { keep } from '../bounded.ts';
import type { Call } from '../calls.ts';
import { defineCheck, doubtful, fail, inconclusive, many, pass } from '../check.ts';
import { isResultPath, isWhole, type Request } from '../facts.ts';
import type { Tally } from '../tally.ts';

const TASK = /\/contents\/generations\/tasks\/[^/]+$/;

/** A wait that a refusal asked for, and what else the client asked for meanwhile. */
interface Wait {
  readonly refused: Request;
  readonly call: Call;
  readonly refusal: JournalEvent<'response.sent'>;
  /** The first other call of the same kind. */
  other?: Other;
  /** One of them was for something new. */
  isNew: boolean;
  /** The refused call was tried again. */
  cameBack: boolean;
}

interface Other {
  readonly events: readonly number[];
  readonly what: string;
}

/** RFC 9110, section 10.2.3. */
export const retryAfterRespected = defineCheck({
  name: 'retry-after-respected',
  summary: 'Waits as long as Retry-After asks before it tries the call again, or another in its place.',
  definition: `Of each attempt that was refused with a \`Retry-After\`, measures from the end of that answer to the next attempt at the
same logical call. Shorter than asked, but for \`early\`, is *too early*. So is another call of the same kind in that time (another create, or a Get of another
task) in place of the refused one, which is not tried again. If the client tries it again, or has calls of that kind under way at the same time, the other
call may be other work: the check is then inconclusive if the call is for something new. What was sent before the refusal came does not count. A call that was
given up is no failure. Inconclusive where no refused call was tried again, or \`Retry-After\` is neither seconds nor a date, such as \`1.5\`.`,
  params: z.strictObject({
    early: duration().default(5).describe('A wait may be this much shorter: clocks tick.'),
  }),
  mergeSensitive: true,
  expects: () => 'no new attempt before Retry-After is over',
  client: {
    watch(tally, { early }, { time }) {
      /** The refusal that was counted last, by call. */
      const counted = new WeakMap<Call, number>();
      /** By kind of call, the latest. */
      const waits = new Map<string, Wait>();
      const underWay = new Map<string, Set<Request>>();
      const parallel = new Set<string>();
      const asked = new Map<string, number>();

      const noteOther = (wait: Wait, { received, body }: Request) => {
        const { refusal } = wait;
        wait.isNew ||= !asked.has(keyOf(received.path, body?.digest));
        const what = describe(time.between(refusal, received), refusal);
        wait.other ??= { events: [refusal.seq, received.seq], what };
      };

      return {
        hearsStorage: true,
        waits,
        parallel,
        request(request, call) {
          const { received, body } = request;
          const kind = kindOf(call);
          const others = underWay.get(kind) ?? new Set();
          if (others.size > 0) parallel.add(kind);
          underWay.set(kind, others.add(request));
          const wait = waits.get(kind);
          // Stryker disable next-line EqualityOperator: no two events have the same number.
          if (wait && wait.refusal.seq < received.seq) {
            if (wait.call === call) wait.cameBack = true;
            const leftMs = (wait.refusal.retryAfterMs ?? 0) - early - time.between(wait.refusal, received);
            if (call.attempts === 1 && leftMs > 0) noteOther(wait, request);
          }
          keep(asked, keyOf(received.path, body?.digest), received.seq);

          const { refusal } = call;
          // Not one that was on its way already when the refusal came.
          // Stryker disable next-line EqualityOperator: no two events have the same number.
          if (!refusal || refusal.seq > received.seq || counted.get(call) === refusal.seq) return;
          counted.set(call, refusal.seq);
          const askedMs = refusal.retryAfterMs ?? 0;
          const ms = time.between(refusal, received);
          tally.note('retry', [refusal.seq, received.seq]);
          if (ms < askedMs - early)
            tally.note(
              'hasty',
              [refusal.seq, received.seq],
              askedMs - ms,
              `tried again after ${describe(ms, refusal)}`,
            );
        },
        answered(request, call) {
          const { answer } = request;
          const kind = kindOf(call);
          underWay.get(kind)?.delete(request);
          if (answer?.retryAfterUnreadable !== undefined)
            tally.note('unreadable', [answer.seq], 0, answer.retryAfterUnreadable);
          if (answer?.retryAfterMs === undefined) return;
          const before = waits.get(kind);
          if (before) noteWait(tally, before, parallel.has(kind));
          waits.set(kind, { refused: request, call, refusal: answer, isNew: false, cameBack: false });
        },
        over(request, call) {
          underWay.get(kindOf(call))?.delete(request);
          noteRefusal(tally, request);
        },
      };
    },
    judge(tally, _params, { unsettled }, { waits, parallel }) {
      for (const [request] of unsettled) noteRefusal(tally, request);
      for (const [kind, wait] of waits) noteWait(tally, wait, parallel.has(kind));
      const [refusals, retries] = [tally.of('refusal').count, tally.of('retry').count];
      const [hasty, evaded, beside] = [tally.of('hasty'), tally.of('evaded'), tally.of('beside')];
      const figures = { refusals, retries, others: evaded.count + beside.count };
      const hint =
        'Read Retry-After, in seconds or as a date, and send nothing of that kind before, whatever its body.';
      if (hasty.most)
        return fail(`${hasty.most.what} (${hasty.count} of ${many(retries, 'new attempt')})`, {
          finding: 'too early',
          hint,
          ...tally.proofs('hasty'),
          figures,
        });
      const [first] = evaded.first;
      if (first)
        return fail(`did not try the refused call again, and sent another after ${first.what}`, {
          finding: 'too early',
          hint,
          ...tally.proofs('evaded'),
          figures,
          provisional: true,
        });
      const [other] = beside.first;
      if (other)
        return doubtful(
          `sent another call like the refused one after ${other.what}: other work, or the same in haste`,
          {
            ...tally.proofs('beside'),
            figures,
          },
        );
      if (retries > 0)
        return pass(`waited as asked before each of ${many(retries, 'new attempt')}`, {
          ...tally.proofs('retry'),
          figures,
        });
      const [unreadable] = tally.of('unreadable').first;
      if (unreadable && refusals === 0)
        return inconclusive(
          `its Retry-After "${unreadable.what}" is unreadable: neither seconds nor a date`,
          tally.proofs('unreadable'),
        );
      const seen = refusals === 0 ? 'it was given no Retry-After' : `it gave up after ${many(refusals, 'refusal')}`;
      return inconclusive(seen, tally.proofs('refusal'));
    },
  },
});

const describe = (ms: number, { retryAfterMs = 0 }: JournalEvent<'response.sent'>): string =>
  `${Math.round(ms)} ms, asked to wait ${Math.round(retryAfterMs)} ms`;

/** A limit counts calls of a kind: what refuses a create says nothing of polls. */
function kindOf({ method, path }: Call): string {
  if (isResultPath(path)) return 'result';
  return `${method} ${TASK.test(path) ? 'task' : path}`;
}

const keyOf = (path: string, digest: string | undefined): string => `${path} ${digest}`;

/** @param isParallel the client has several calls of this kind under way at a time */
function noteWait(tally: Tally, { refused, other, isNew, cameBack }: Wait, isParallel: boolean): void {
  if (!other || !isWhole(refused)) return;
  if (!cameBack && !isParallel) tally.note('evaded', other.events, 0, other.what);
  else if (isNew) tally.note('beside', other.events, 0, other.what);
}

function noteRefusal(tally: Tally, { answer, cut }: Request): void {
  if (answer?.retryAfterMs !== undefined && !cut) tally.note('refusal', [answer.seq]);
}
