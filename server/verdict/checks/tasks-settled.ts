import { z } from 'zod';
import type { JournalEvent } from '../../journal.ts';
import { Adoptions } from '../adoptions.ts';
import { defineCheck, doubtful, fail, inconclusive, many, pass } from '../check.ts';
import { isAcknowledged, isWhole, type Request } from '../facts.ts';
import { isOver, Sightings } from '../sightings.ts';
import type { Tally } from '../tally.ts';

/** A task that is not settled yet. */
interface Open {
  readonly created: JournalEvent<'task.created'>;
  /** It is over, and was not seen so. */
  end?: JournalEvent<'task.changed'>;
}

/** A task that nobody looks after is paid for, and its result is gone after a day (reference, Ark API sections 6 and 10). */
export const tasksSettled = defineCheck({
  name: 'tasks-settled',
  summary: 'Follows every task that it creates to its end, or gives it up by cancelling it.',
  definition: `A task is *settled* when, after it was over, a Get of any client was answered with 200, or a List of the same API key on whose page it stood, and no
fault had altered what they said; or a callback that told its end, unaltered, was acknowledged; or when it was cancelled or deleted. One that is over and was not seen is *not seen*; one
that is still on its way when the run is judged is *left behind*. A task whose create lost its answer, and that bears no mark (\`safety_identifier\`), its
client can only find in a List: while another create of that client was in flight, or where another client makes tasks too, it may be another call's, and
the check is inconclusive. So it is without a task.`,
  params: z.strictObject({}),
  expects: () => 'every task seen to its end, or cancelled',
  run: {
    watch(tally) {
      const sightings = new Sightings();
      const adoptions = new Adoptions();
      const open = new Map<string, Open>();
      /** What answers show whose arrival is not settled yet. */
      const shown = new Map<Request, readonly string[]>();
      const settle = (task: string) => {
        const one = open.get(task);
        if (one) tally.note('settled', [one.created.seq]);
        open.delete(task);
        adoptions.forget(task);
      };
      return {
        adoptions,
        open,
        shown,
        event(event) {
          sightings.learn(event);
          adoptions.learn(event);
          switch (event.type) {
            case 'task.created':
              open.set(event.task, { created: event });
              break;
            case 'task.deleted':
              settle(event.task);
              break;
            case 'task.changed': {
              const one = open.get(event.task);
              if (event.to === 'cancelled') settle(event.task);
              else if (one && isOver(event.to)) one.end = event;
              break;
            }
            case 'callback.answered':
              if (isAcknowledged(event) && isOver(event.status) && !event.spoilt) settle(event.task);
              break;
          }
        },
        request(request) {
          adoptions.request(request);
        },
        answered(request) {
          adoptions.answered(request);
          // Stryker disable next-line ConditionalExpression: it saves work alone.
          if (open.size === 0) return;
          const tasks = sightings.shownAsOver(request).filter((task) => open.has(task));
          // Stryker disable next-line ConditionalExpression,EqualityOperator: it saves work alone.
          if (tasks.length > 0) shown.set(request, tasks);
        },
        over(request) {
          adoptions.over(request);
          const tasks = shown.get(request);
          // Stryker disable next-line ConditionalExpression: it bounds memory alone.
          if (!tasks) return;
          shown.delete(request);
          if (!isWhole(request)) return;
          for (const task of tasks) {
            noteAdopted(tally, adoptions, open.get(task));
            settle(task);
          }
        },
      };
    },
    judge(tally, _params, _now, { open, shown, adoptions }) {
      const seen = new Set([...shown].flatMap(([request, tasks]) => (isWhole(request) ? tasks : [])));
      const left = [...open.values()].filter(({ created }) => !seen.has(created.task));
      for (const task of seen) {
        noteAdopted(tally, adoptions, open.get(task));
        tally.note('settled', [open.get(task)?.created.seq ?? []].flat());
      }
      const settled = tally.of('settled').count;
      const total = settled + left.length;
      if (total === 0) return inconclusive('no task was created');
      const unseen = left.filter(({ end }) => end);
      const [first] = unseen.length > 0 ? unseen : left;
      const summary = `${settled} of ${many(total, 'task')} seen to their end`;
      const figures = { tasks: total, settled };
      const [adopted] = tally.of('adopted').first;
      if (!first && adopted)
        return doubtful(`${summary}, but ${adopted.what}`, { ...tally.proofs('adopted'), hint: HINT_MARK, figures });
      if (!first) return pass(summary, { ...tally.proofs('settled'), figures });
      for (const { created, end } of left) tally.note('left', end ? [created.seq, end.seq] : [created.seq]);
      return fail(`${summary}, the first that was not: ${first.created.task}${by(first)}`, {
        finding: unseen.length > 0 ? 'not seen' : 'left behind',
        hint: 'Keep the ids of created tasks where they outlive a failed poll, and poll until a state is final; DELETE what you give up.',
        ...tally.proofs('left'),
        figures,
        provisional: true,
      });
    },
  },
});

const by = ({ created: { account } }: Open) => (account === undefined ? '' : ` of API key ${account}`);

const HINT_MARK =
  'Put a mark on each create (`safety_identifier`) and look for it in List, or make one create at a time.';

/** A task that was found in a List and may be another call's. */
function noteAdopted(tally: Tally, adoptions: Adoptions, one: Open | undefined): void {
  const doubt = one && adoptions.doubtOf(one.created.task);
  if (one && doubt !== undefined)
    tally.note('adopted', [one.created.seq], 0, `${one.created.task} came from a List without a mark while ${doubt}`);
}
