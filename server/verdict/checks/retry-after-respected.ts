import { z } from 'zod';
import type { JournalEvent } from '../../journal.ts';
import { duration } from '../../scenario/duration.ts';
import { keep } from '../bounded.ts';
import type { Call } from '../calls.ts';
import { defineCheck, doubtful, fail, inconclusive, many, pass } from '../check.ts';
import { isWhole, type Request } from '../facts.ts';
import { Rhythm } from '../rhythm.ts';
import { PROOFS_KEPT, type Sample, type Tally } from '../tally.ts';

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

/** So soon after a refusal no thread but the refused one can know of it. */
const ON_ITS_WAY_MS = 10;

/** How many refused calls of a kind are watched at a time. */
const WAITS_KEPT = 20;

type Haste = Pick<Sample, 'events' | 'value' | 'what'>;

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
call may be other work: the check is then inconclusive if the call is for something new. So it is where only its body says that a create is the refused one, and
the client made several tasks with that body; and where the new attempt is a Get that comes when it is the turn of another loop, as the polls of that task
before show. What was sent before the refusal came does not count, nor the first
call on a connection that was opened before, nor what comes within ${ON_ITS_WAY_MS} ms of it from a client with several calls of that kind at a time. A call that was
given up is no failure. Inconclusive where no refused call was tried again, or \`Retry-After\` is neither seconds nor a date, such as \`1.5\`.`,
  params: z.strictObject({
    early: duration().default(5).describe('A wait may be this much shorter: clocks tick.'),
  }),
  mergeSensitive: true,
  expects: () => 'no new attempt before Retry-After is over',
  client: {
    watch(tally, { early }, { time, calls }) {
      /** The refusal that was counted last, by call. */
      const counted = new WeakMap<Call, number>();
      /** By kind of call, the latest, by call. */
      const waits = new Map<string, Map<Call, Wait>>();
      /** How many tasks creates with the same body have made, and what looked like haste among them. */
      const made = new Map<string, number>();
      const equal = new Map<string, Haste[]>();
      /** By kind of call, the numbers of their events. */
      const underWay = new Map<string, Set<number>>();
      const parallel = new Set<string>();
      const asked = new Map<string, number>();
      /** By task. */
      const polls = new Map<string, Rhythm>();

      const noteOther = (wait: Wait, { received, body, connection, kind }: Request) => {
        const { refusal } = wait;
        // With several at a time, another was on its way when the refusal arrived.
        if (parallel.has(kind) && time.between(refusal, received) < ON_ITS_WAY_MS) return;
        // Its connection was being opened when the refusal came: so was it meant before.
        // Stryker disable next-line EqualityOperator: no two events have the same number.
        const isOpenedBefore = (connection.opened?.seq ?? 0) < refusal.seq;
        if (connection.requests === 1 && isOpenedBefore) return;
        wait.isNew ||= !asked.has(keyOf(received.path, body?.digest));
        const what = describe(time.between(refusal, received), refusal);
        wait.other ??= { events: [refusal.seq, received.seq], what };
      };

      const endWait = (call: Call) => {
        const { kind } = call.first;
        const wait = waits.get(kind)?.get(call);
        if (wait) noteWait(tally, wait, parallel.has(kind));
        waits.get(kind)?.delete(call);
      };

      /** Whether a poll comes when it is the turn of another loop that polls the same task. */
      const notePoll = ({ received, asked: task }: Request, isFirst: boolean): boolean => {
        if (task === undefined) return false;
        const rhythm = polls.get(task) ?? new Rhythm();
        const isTurn = !isFirst && rhythm.isTurn(received, time);
        rhythm.note(received, time, isFirst);
        keep(polls, task, rhythm);
        return isTurn;
      };

      return {
        hearsStorage: true,
        waits,
        parallel,
        made,
        equal,
        request(request) {
          const { received, body, kind } = request;
          const call = calls.known(request);
          const others = underWay.get(kind) ?? new Set();
          if (others.size > 0) parallel.add(kind);
          underWay.set(kind, others.add(received.seq));
          for (const wait of waits.get(kind)?.values() ?? []) {
            // Stryker disable next-line EqualityOperator: no two events have the same number.
            if (wait.refusal.seq >= received.seq) continue;
            if (wait.call === call) wait.cameBack = true;
            const leftMs = (wait.refusal.retryAfterMs ?? 0) - early - time.between(wait.refusal, received);
            if ((call?.attempts ?? 1) === 1 && leftMs > 0) noteOther(wait, request);
          }
          keep(asked, keyOf(received.path, body?.digest), received.seq);

          const isTurn = notePoll(request, (call?.attempts ?? 1) === 1);
          const refusal = call?.refusal;
          // Not one that was on its way already when the refusal came.
          // Stryker disable next-line EqualityOperator: no two events have the same number.
          if (!refusal || refusal.seq > received.seq || counted.get(call) === refusal.seq) return;
          counted.set(call, refusal.seq);
          const askedMs = refusal.retryAfterMs ?? 0;
          const ms = time.between(refusal, received);
          tally.note('retry', [refusal.seq, received.seq]);
          if (ms >= askedMs - early) return;
          const what = `tried again after ${describe(ms, refusal)}`;
          const haste = { events: [refusal.seq, received.seq], value: askedMs - ms, what };
          if (isTurn) return noteHaste(tally, 'turn', haste);
          // The ids of the client say that it is the same create. Its body alone does not: it may want two of the same.
          if (received.method !== 'POST' || call.bond !== 'repetition') return noteHaste(tally, 'hasty', haste);
          const key = keyOf(received.path, body?.digest);
          const before = equal.get(key) ?? [];
          if (before.length < PROOFS_KEPT) keep(equal, key, [...before, haste]);
        },
        task({ received, body }) {
          const key = keyOf(received.path, body?.digest);
          keep(made, key, (made.get(key) ?? 0) + 1);
        },
        callOver: endWait,
        answered(request) {
          const { answer, kind } = request;
          underWay.get(kind)?.delete(request.received.seq);
          if (answer?.retryAfterUnreadable !== undefined)
            tally.note('unreadable', [answer.seq], 0, answer.retryAfterUnreadable);
          if (answer?.retryAfterMs === undefined) return;
          const call = calls.of(request);
          const those = waits.get(kind) ?? new Map<Call, Wait>();
          endWait(call);
          those.set(call, { refused: request, call, refusal: answer, isNew: false, cameBack: false });
          waits.set(kind, those);
          const [oldest] = those.size > WAITS_KEPT ? those.values() : [];
          if (!oldest) return;
          // It is watched no more, and may be tried again.
          oldest.cameBack = true;
          endWait(oldest.call);
        },
        over(request) {
          underWay.get(request.kind)?.delete(request.received.seq);
          noteRefusal(tally, request);
        },
      };
    },
    judge(tally, _params, { unsettled }, { waits, parallel, made, equal }) {
      for (const request of unsettled) noteRefusal(tally, request);
      for (const [kind, those] of waits) for (const wait of those.values()) noteWait(tally, wait, parallel.has(kind));
      for (const [key, those] of equal)
        for (const haste of those) noteHaste(tally, (made.get(key) ?? 0) > 1 ? 'equal' : 'hasty', haste);
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
      const [again] = tally.of('equal').first;
      if (again)
        return doubtful(`${again.what}, with a body of which it made several: the same create, or another`, {
          ...tally.proofs('equal'),
          hint: 'Put an idempotency key, or `X-Client-Request-Id`, on each create: it says which are the same.',
          figures,
        });
      const [turn] = tally.of('turn').first;
      if (turn)
        return doubtful(`${turn.what}, as its polls of that task came before: by turns from two loops, or in haste`, {
          ...tally.proofs('turn'),
          figures,
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

const noteHaste = (tally: Tally, kind: string, { events, value, what }: Haste): void =>
  tally.note(kind, events, value, what);

const describe = (ms: number, { retryAfterMs = 0 }: JournalEvent<'response.sent'>): string =>
  `${Math.round(ms)} ms, asked to wait ${Math.round(retryAfterMs)} ms`;

// Stryker disable next-line ConditionalExpression: it saves work alone.
const keyOf = (path: string, digest: string | undefined): string => (digest === undefined ? path : `${path} ${digest}`);

/** @param isParallel the client has several calls of this kind under way at a time */
function noteWait(tally: Tally, { refused, other, isNew, cameBack }: Wait, isParallel: boolean): void {
  if (!other || !isWhole(refused)) return;
  if (!cameBack && !isParallel) tally.note('evaded', other.events, 0, other.what);
  else if (isNew) tally.note('beside', other.events, 0, other.what);
}

function noteRefusal(tally: Tally, { answer, cut }: Request): void {
  if (answer?.retryAfterMs !== undefined && !cut) tally.note('refusal', [answer.seq]);
}
