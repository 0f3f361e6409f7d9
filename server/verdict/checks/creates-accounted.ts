import { z } from 'zod';
import { type Call, REPEATED_WITHIN_MS } from '../calls.ts';
import { defineCheck, doubtful, fail, inconclusive, many, pass } from '../check.ts';
import type { Following } from '../following.ts';
import type { Tally } from '../tally.ts';

/** How many creates that made no task are watched for a later attempt. */
const LOST_KEPT = 1_000;

/** If a create fails and its client does not notice, the video is never made (reference, Ark API section 2). */
export const createsAccounted = defineCheck({
  name: 'creates-accounted',
  summary: 'Loses no create: each made a task that is followed, or was refused for good.',
  definition: `Of each logical create, looks at what became of it. It is accounted for when a task of it is followed (its last Get was answered with 200, or it was
seen to its end, deleted, or acknowledged by callback), or when its last answer refused it with a 4xx that no retry would change. One that made no task, because it was
cut, asked to try later, or was sent elsewhere by a 3xx, is *lost*; one whose task is not followed is *not followed*. Inconclusive without a create,
and where one that failed was followed by one that differs in \`seed\` or \`safety_identifier\` alone: another attempt, or another video;
and where more than ${LOST_KEPT.toLocaleString('en')} made no task for minutes and the latest came again.`,
  params: z.strictObject({}),
  expects: () => 'a followed task, or a final refusal, for each create',
  client: {
    watch(tally, _params, { following, calls }) {
      const open = new Set<Call>();
      /** What is over without a task: by its key, the client may still try it again. */
      const lost = new Set<Call>();
      const close = (call: Call) => {
        open.delete(call);
        lost.delete(call);
        note(tally, call, following);
      };
      return {
        open,
        lost,
        request(request) {
          if (request.received.method !== 'POST' || !request.target.isTasks) return;
          const call = calls.of(request);
          lost.delete(call);
          open.add(call);
          // A task may be followed later than its create is over.
          // Stryker disable next-line ConditionalExpression: it bounds memory alone.
          for (const one of open) if (isSettled(one, following)) close(one);
        },
        callOver(call) {
          if (!open.has(call)) return;
          // Stryker disable next-line ConditionalExpression,LogicalOperator: it bounds memory alone.
          if (isRefused(call) || isSettled(call, following)) close(call);
          else if (call.tasks.length === 0) {
            open.delete(call);
            lost.add(call);
            const [oldest] = lost;
            if (!oldest || lost.size <= LOST_KEPT) return;
            // It may still be tried again.
            lost.delete(oldest);
            tally.note('forgotten', [oldest.first.received.seq]);
          }
        },
      };
    },
    judge(tally, _params, { following, running, time, latest }, { open, lost: over }) {
      // While its client is at work it may try a create again, or ask for a task that it made a moment ago.
      const mayGoOn = ({ last }: Call) => running && time.between(last.received, latest) <= REPEATED_WITHIN_MS;
      for (const call of [...over, ...open]) {
        if (call.underWay > 0) continue;
        const isDone = isRefused(call) || call.tasks.some(({ task }) => following.isFollowed(task));
        if (isDone || !mayGoOn(call)) note(tally, call, following);
      }
      const [good, lost, unseen] = [tally.of('accounted').count, tally.of('lost'), tally.of('not followed')];
      const creates = good + lost.count + unseen.count + tally.of('changed').count;
      if (creates === 0) return inconclusive('it created nothing');
      const figures = { creates, accounted: good };
      const seen = `${good} of ${many(creates, 'create')} accounted for`;
      const [first] = [...lost.first, ...unseen.first];
      const [changed] = tally.of('changed').first;
      if (!first && changed)
        return doubtful(
          'a create that failed was followed by one like it but for seed or mark: another attempt, or another video',
          { ...tally.proofs('changed'), figures },
        );
      const forgotten = tally.of('forgotten').count;
      if (!first && forgotten > 0)
        return doubtful(
          `${many(forgotten, 'create')} made no task, and it is not known any more whether the client tried again`,
          { ...tally.proofs('forgotten'), figures },
        );
      if (!first) return pass(seen, { ...tally.proofs('accounted'), figures });
      const finding = lost.count > 0 ? 'lost' : 'not followed';
      return fail(`${seen}, the first that is not: ${first.what}`, {
        finding,
        hint: 'Keep what you asked for until its task is known: repeat a create that made none, and follow no redirect with a GET.',
        ...tally.proofs(finding),
        figures,
        provisional: true,
      });
    },
  },
});

const isSettled = ({ tasks, underWay }: Call, following: Following): boolean =>
  // Stryker disable next-line ConditionalExpression: to close a call later takes memory alone.
  underWay === 0 && tasks.some(({ task }) => following.isSettled(task));

const statusOf = ({ last, success }: Call): number | undefined => (last.answer ?? success)?.status;

const isRefused = (call: Call): boolean =>
  call.tasks.length === 0 && call.success !== undefined && (statusOf(call) ?? 0) >= 400;

function note(tally: Tally, call: Call, following: Following): void {
  const { tasks, first, again } = call;
  const status = statusOf(call);
  const events = [first.received.seq, ...tasks.map(({ seq }) => seq)];
  if (tasks.some(({ task }) => following.isFollowed(task))) tally.note('accounted', events);
  else if (isRefused(call)) tally.note('accounted', events);
  else if (again) tally.note('changed', [...events, again.received.seq]);
  else if (tasks[0]) tally.note('not followed', events, 0, `the task ${tasks[0].task} is not followed`);
  else
    tally.note(
      'lost',
      events,
      0,
      `one that was ${status === undefined ? 'cut' : `answered with ${status}`} made no task`,
    );
}
