import { z } from 'zod';
import type { JournalEvent } from '../../journal.ts';
import { defineCheck, fail, inconclusive, many, pass } from '../check.ts';
import { isAcknowledged, isWhole, type Request } from '../facts.ts';
import { isOver, Sightings } from '../sightings.ts';

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
  definition: `A task is *settled* when, after it was over, a Get of any client was answered with 200, or a List on whose page it stood, and no
fault had altered what they said; or a callback that told its end, unaltered, was acknowledged; or when it was cancelled or deleted. One that is over and was not seen is *not seen*; one
that is still on its way when the run is judged is *left behind*. Inconclusive without a task.`,
  params: z.strictObject({}),
  expects: () => 'every task seen to its end, or cancelled',
  run: {
    watch(tally) {
      const sightings = new Sightings();
      const open = new Map<string, Open>();
      /** What answers show whose arrival is not settled yet. */
      const shown = new Map<Request, readonly string[]>();
      const settle = (task: string) => {
        const one = open.get(task);
        if (one) tally.note('settled', [one.created.seq]);
        open.delete(task);
      };
      return {
        open,
        shown,
        event(event) {
          sightings.learn(event);
          if (event.type === 'task.created') open.set(event.task, { created: event });
          else if (event.type === 'task.deleted') settle(event.task);
          else if (event.type === 'task.changed') {
            const one = open.get(event.task);
            if (event.to === 'cancelled') settle(event.task);
            else if (one && isOver(event.to)) one.end = event;
          } else if (
            event.type === 'callback.answered' &&
            isAcknowledged(event) &&
            isOver(event.status) &&
            !event.spoilt
          )
            settle(event.task);
        },
        answered(request) {
          const tasks = sightings.shownAsOver(request).filter((task) => open.has(task));
          if (tasks.length > 0) shown.set(request, tasks);
        },
        over(request) {
          if (isWhole(request)) for (const task of shown.get(request) ?? []) settle(task);
          shown.delete(request);
        },
      };
    },
    judge(tally, _params, _now, { open, shown }) {
      const seen = new Set([...shown].flatMap(([request, tasks]) => (isWhole(request) ? tasks : [])));
      const left = [...open.values()].filter(({ created }) => !seen.has(created.task));
      for (const task of seen) tally.note('settled', [open.get(task)?.created.seq ?? []].flat());
      const settled = tally.of('settled').count;
      const total = settled + left.length;
      if (total === 0) return inconclusive('no task was created');
      const unseen = left.filter(({ end }) => end);
      const [first] = unseen.length > 0 ? unseen : left;
      const summary = `${settled} of ${many(total, 'task')} seen to their end`;
      const figures = { tasks: total, settled };
      if (!first) return pass(summary, { ...tally.proofs('settled'), figures });
      for (const { created, end } of left) tally.note('left', end ? [created.seq, end.seq] : [created.seq]);
      return fail(`${summary}, the first that was not: ${first.created.task}`, {
        finding: unseen.length > 0 ? 'not seen' : 'left behind',
        hint: 'Keep the ids of created tasks where they outlive a failed poll, and poll until a state is final; DELETE what you give up.',
        ...tally.proofs('left'),
        figures,
        provisional: true,
      });
    },
  },
});
