import { z } from 'zod';
import { defineCheck, fail, inconclusive, many, pass } from '../check.ts';
import { type Evidence, isAcknowledged } from '../evidence.ts';
import { findSeen, isOver } from '../sightings.ts';

/** A task that nobody looks after is paid for, and its result is gone after a day (reference, Ark API sections 6 and 10). */
export const tasksSettled = defineCheck({
  name: 'tasks-settled',
  summary: 'Follows every task that it creates to its end, or gives it up by cancelling it.',
  definition: `A task is *settled* when, after it was over, a Get of any client was answered with 200, or a List on whose page it stood, and no
fault had altered what they said; or a callback that told its end was acknowledged; or when it was cancelled or deleted. One that is over and was not seen is *not seen*; one
that is still on its way when the run is judged is *left behind*. Inconclusive without a task.`,
  params: z.strictObject({}),
  expects: () => 'every task seen to its end, or cancelled',
  judgeRun(evidence: Evidence) {
    const { of } = evidence;
    const created = of('task.created');
    if (created.length === 0) return inconclusive('no task was created');
    const ends = new Map(of('task.changed').flatMap((event) => (isOver(event.to) ? [[event.task, event]] : [])));
    const deleted = new Set(of('task.deleted').map(({ task }) => task));
    const looked = findSeen(evidence);
    const acknowledged = of('callback.answered').filter(isAcknowledged);
    const told = new Set(acknowledged.flatMap(({ status, task }) => (isOver(status) ? task : [])));
    const open = created.filter(({ task }) => {
      const isGivenUp = deleted.has(task) || ends.get(task)?.to === 'cancelled';
      return !isGivenUp && !told.has(task) && !looked.has(task);
    });
    const unseen = open.filter(({ task }) => ends.has(task));
    const [first] = unseen.length > 0 ? unseen : open;
    const seen = `${created.length - open.length} of ${many(created.length, 'task')} seen to their end`;
    const figures = { tasks: created.length, settled: created.length - open.length };
    if (!first) return pass(seen, { events: created.map(({ seq }) => seq), figures });
    return fail(`${seen}, the first that was not: ${first.task}`, {
      finding: unseen.length > 0 ? 'not seen' : 'left behind',
      hint: 'Keep the ids of created tasks where they outlive a failed poll, and poll until a state is final; DELETE what you give up.',
      events: open.flatMap(({ seq, task }) => [seq, ends.get(task)?.seq].filter((one) => one !== undefined)),
      figures,
    });
  },
});
