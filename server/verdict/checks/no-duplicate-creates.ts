import { z } from 'zod';
import type { JournalEvent } from '../../journal.ts';
import { keep } from '../bounded.ts';
import { isTransportRetry } from '../calls.ts';
import { defineCheck, doubtful, fail, inconclusive, many, pass } from '../check.ts';
import { endOf, type Request } from '../facts.ts';
import { type Following, TASKS_KEPT } from '../following.ts';
import type { Tally } from '../tally.ts';

/** So many intents are remembered though all of their tasks are followed for good. */
const WANTED_KEPT = 20;
/** How many tasks of other clients are remembered that it asked for, the latest. */
const FOREIGN_KEPT = 100;

/** A create that was carried out. */
interface Made {
  readonly created: JournalEvent<'task.created'>;
  readonly request: Request;
  /** The next create by this client that wants the same. */
  later?: Made;
  /** One that wants the same, and had no answer yet when this one came. */
  beside?: Made;
}

/** A create is not idempotent, and a task that was created twice is billed twice (reference, Ark API section 2). */
export const noDuplicateCreates = defineCheck({
  name: 'no-duplicate-creates',
  summary: 'Creates one task for each create, also when the answer to it is lost.',
  definition: `A *duplicate* is a second task for one intent. An equal \`Idempotency-Key\` or \`X-Client-Request-Id\` means one create, whatever came
of it. Without either, creates that are equal but for \`seed\` and \`safety_identifier\` are separate where each of their tasks is *followed*: its last Get
was answered with 200, whole and unaltered; or it was seen to its end, deleted, or acknowledged by callback; a List does not follow. A task that is never followed
while the same client creates an equal one later, or at the same time, is a duplicate, however the first create ended; so is one with the same
\`safety_identifier\`, where no value of that is on several followed tasks. Inconclusive without any create; where the later one has another
\`Idempotency-Key\`; where another client of the same account sent it: it may be the same program; and where the client asks for a task of
another client instead: it may have taken that for its own; or where the two were under way at the same time, with different
marks.`,
  params: z.strictObject({}),
  mergeSensitive: true,
  expects: () => 'one task for each create',
  client: {
    watch(tally, _params, { following, time, calls }) {
      /** What is not followed for good, by what it wants, and by its mark. */
      const wanted = new Map<string, Made[]>();
      const own = new Set<string>();
      const marks = new Map<string, number>();
      /** Tasks of other clients, and when it first asked for each. */
      const foreign = new Map<string, number>();
      /** A mark stands on several followed tasks: it says nothing. */
      let vague = false;
      const isOpen = ({ created }: Made) => !following.isSettled(created.task);
      /** How many were wanted when those that are followed for good were forgotten. */
      let swept = 0;
      const sweep = () => {
        // Stryker disable next-line ConditionalExpression: it bounds memory alone.
        for (const [key, all] of wanted) if (!all.some(isOpen)) wanted.delete(key);
        swept = wanted.size;
      };
      const join = (key: string, made: Made) => {
        const before = wanted.get(key) ?? [];
        for (const one of before) {
          one.later ??= made;
          if (isTransportRetry(one.request, made.request, time))
            tally.note('resent', [one.created.seq, made.created.seq]);
          const { answer } = one.request;
          // Stryker disable next-line EqualityOperator: no two events have the same number.
          if (!answer || answer.seq > made.request.received.seq) made.beside ??= one;
        }
        wanted.set(key, [...before.filter(isOpen), made]);
        // Stryker disable next-line ConditionalExpression,EqualityOperator: it bounds memory alone.
        if (wanted.size > 2 * swept + WANTED_KEPT) sweep();
      };
      return {
        wanted,
        own,
        foreign,
        isVague: () => vague,
        request(request) {
          const { method, seq } = request.received;
          const task = request.asked ?? '';
          if (!own.has(task) && !foreign.has(task) && following.isMade(task)) keep(foreign, task, seq, FOREIGN_KEPT);
          if (method === 'POST' && request.target.isTasks && calls.of(request).attempts === 1)
            tally.note('create', [seq]);
        },
        task(request, { first, tasks, taskCount, bond }) {
          const { task: created } = request;
          // Stryker disable next-line ConditionalExpression: it is there, unknown to the compiler.
          if (!created) return;
          tally.note('task', [created.seq]);
          own.add(created.task);
          // Stryker disable next-line ConditionalExpression,EqualityOperator: it bounds memory alone.
          if (own.size > TASKS_KEPT) forgetOldest(own);
          if (taskCount > 1 && (bond === 'idempotency key' || bond === 'client request id')) {
            if (taskCount === 2) tally.note('doubled', []);
            // The first is a proof as well, once there is a second.
            const events = taskCount === 2 ? tasks.map(({ seq }) => seq) : [created.seq];
            tally.note('duplicate', events, taskCount, `${many(taskCount, 'task')} for one create, known by ${bond}`);
            if (isTransportRetry(first, request, time)) tally.note('resent', events);
            return;
          }
          join(`intent ${created.intent ?? request.body?.digest ?? created.task}`, { created, request });
          if (created.mark === undefined) return;
          join(`mark ${created.mark}`, { created, request });
          marks.set(created.mark, (marks.get(created.mark) ?? 0) + 1);
          // More than one may be the same video again; that they are all followed says that they are not.
          const marked = wanted.get(`mark ${created.mark}`) ?? [];
          const open = marked.filter((one) => !following.isFollowed(one.created.task));
          vague ||= (marks.get(created.mark) ?? 0) - open.length > 1;
        },
      };
    },
    judge(tally, _params, { following }, { wanted, own, foreign, isVague }) {
      const [creates, tasks] = [tally.of('create').count, tally.of('task').count];
      if (tasks === 0) return inconclusive('it created no task');
      const counted = new Set<string>();
      const takes = [...foreign];
      for (const [key, all] of wanted) {
        if (key.startsWith('mark') && isVague()) continue;
        const lost = all.filter((made) => !counted.has(made.created.task) && isLost(made, following));
        for (const made of lost) counted.add(made.created.task);
        const unwanted = lost.filter((made) => !noteApart(tally, made));
        noteLost(
          tally,
          key.startsWith('mark') ? unwanted : unwanted.filter((made) => !takesAnother(made, takes, tally)),
        );
      }
      const figures = { creates, tasks };
      const worst = tally.of('duplicate').most;
      const resent = new Set(tally.of('resent').first.flatMap(({ events }) => events));
      if (worst)
        return fail(`${worst.what} (${tally.of('doubled').count} of ${many(creates, 'create')} made more than one)`, {
          finding: 'duplicate',
          hint: worst.events.some((seq) => resent.has(seq)) ? RESENT : CREATED_AGAIN,
          ...tally.proofs('duplicate'),
          figures,
          ...(counted.size > 0 && { provisional: true }),
        });
      const [fresh] = tally.of('fresh key').first;
      if (fresh)
        return doubtful(
          `${fresh.what} is not followed, and an equal create came with another key: a second video, or the same again`,
          tally.proofs('fresh key'),
        );
      const [apart] = tally.of('apart').first;
      if (apart) return doubtful(apart.what, tally.proofs('apart'));
      const [taken] = tally.of('taken').first;
      if (taken)
        return doubtful(
          `${taken.what} in its place: it took that for its own, or it made the same again`,
          tally.proofs('taken'),
        );
      for (const { created } of [...wanted.values()].flat()) {
        if (following.isFollowed(created.task)) continue;
        const other = following.laterOf(created).find(({ task }) => !own.has(task));
        if (other)
          return doubtful(
            `${created.task} is not followed, and another client of the account made an equal one: its own, or the same again`,
            { events: [created.seq, other.seq] },
          );
      }
      const again = tasks > creates ? ` and ${many(tasks - creates, 'equal one')}, all of them followed` : '';
      return pass(`${many(tasks, 'task')} for ${many(creates, 'create')}${again}`, {
        ...tally.proofs('task'),
        figures,
      });
    },
  },
});

const RESENT =
  'The HTTP library sent the create again by itself, or your code did at once: switch that off (OkHttp: `retryOnConnectionFailure(false)`), and look in List for your mark.';
const CREATED_AGAIN =
  'Put a mark on each create (`safety_identifier`), and look for it in List before you create again.';

const againOf = ({ later, beside }: Made) => later ?? beside;

/** Whether a task is not followed, though another create wanted the same. */
const isLost = (made: Made, following: Following): boolean =>
  againOf(made) !== undefined && !following.isFollowed(made.created.task);

function forgetOldest(tasks: Set<string>): void {
  for (const oldest of tasks) return void tasks.delete(oldest);
}

/** Whether a client asked for a task of another one after a create without a mark: each such task stands for one that is lost. */
function takesAnother({ created }: Made, takes: [string, number][], tally: Tally): boolean {
  if (created.mark !== undefined) return false;
  // Stryker disable next-line EqualityOperator: no two events have the same number.
  const at = takes.findIndex(([, seq]) => seq > created.seq);
  const [taken] = at < 0 ? [] : takes.splice(at, 1);
  if (!taken) return false;
  const [other, seq] = taken;
  tally.note('taken', [created.seq, seq], 0, `${created.task} is not followed, and ${other} of another client is`);
  return true;
}

/** Whether two equal creates may be two wishes: their marks differ, and neither can repeat the other, which had not failed yet. */
function noteApart(tally: Tally, made: Made): boolean {
  const other = againOf(made) ?? made;
  const marks = new Set([made.created.mark, other.created.mark]);
  if (marks.size === 1 || marks.has(undefined)) return false;
  // Stryker disable next-line EqualityOperator: no two events have the same number.
  const isFirst = made.created.seq < other.created.seq;
  const [earlier, later] = isFirst ? [made, other] : [other, made];
  const end = endOf(earlier.request);
  // Stryker disable next-line EqualityOperator: no two events have the same number.
  if (end && end.seq < later.request.received.seq) return false;
  const what = `${made.created.task} is not followed, and an equal create with another mark was under way: two videos, or one`;
  tally.note('apart', [made.created.seq, other.created.seq], 0, what);
  return true;
}

/** @param lost creates that want the same */
function noteLost(tally: Tally, lost: readonly Made[]): void {
  const keyOf = ({ request }: Made) => request.received.idempotencyKey;
  // Different keys mean different creates, but one that is lost has seldom another.
  const [fresh, doubled] = [true, false].map((isFresh) =>
    lost.filter((made) => (keyOf(made) !== undefined && keyOf(againOf(made) ?? made) !== undefined) === isFresh),
  );
  for (const [kind, those] of [
    ['fresh key', fresh],
    ['duplicate', doubled],
  ] as const) {
    const [first] = those ?? [];
    if (!those || !first) continue;
    const all = new Set(those.flatMap((made) => [made.created.seq, (againOf(made) ?? made).created.seq]));
    const events = [...all].toSorted((a, b) => a - b);
    const { task } = first.created;
    if (kind === 'fresh key') tally.note(kind, events, 0, task);
    else {
      tally.note('doubled', []);
      tally.note(kind, events, all.size, `${many(all.size, 'task')} for one create, of which ${task} is not followed`);
    }
  }
}
