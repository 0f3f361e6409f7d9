import { z } from 'zod';
import { keep } from '../bounded.ts';
import { defineCheck, fail, inconclusive, many, pass } from '../check.ts';
import { TASKS_KEPT } from '../following.ts';
import type { Target } from '../paths.ts';

/** The tasks that a path names: one, or those that a List is to show. */
function tasksOf({ task, isTasks, query }: Target): readonly string[] {
  if (task !== undefined) return [task];
  return isTasks ? new URLSearchParams(query).getAll('filter.task_ids') : [];
}

/** Replicas that share an API key see each other's tasks in List (reference, Ark API section 4). */
export const ownTasksOnly = defineCheck({
  name: 'own-tasks-only',
  summary: "Asks for the tasks that it made, and for no other client's.",
  definition: `Looks at each Get and DELETE of a task that this run saw created, and at each List that names it (\`filter.task_ids\`). One that another client created is *another's task*: a client that takes a task
out of List because it does not know it may take that of its neighbour. Where web and worker share their tasks, this is not what you want. Inconclusive
where the client asked for no task of this run.`,
  params: z.strictObject({}),
  expects: () => 'no Get of a task that another client created',
  client: {
    watch(tally, _params, { following }) {
      const own = new Map<string, number>();
      return {
        task: ({ task }) => void (task && keep(own, task.task, task.seq, TASKS_KEPT)),
        request({ received: { seq, method }, target }) {
          for (const task of method === 'GET' || method === 'DELETE' ? tasksOf(target) : [])
            if (own.has(task)) tally.note('own', [seq]);
            else if (following.isMade(task)) tally.note("another's task", [seq], 0, task);
        },
      };
    },
    judge(tally) {
      const [own, other] = [tally.of('own').count, tally.of("another's task")];
      if (own + other.count === 0) return inconclusive('it asked for no task of this run');
      const figures = { own, others: other.count };
      const [first] = other.first;
      if (!first)
        return pass(`all of ${many(own, 'call')} were for tasks of its own`, { ...tally.proofs('own'), figures });
      return fail(
        `${other.count} of ${many(own + other.count, 'call')} were for another client's task, the first: ${first.what}`,
        {
          finding: "another's task",
          hint: 'Put a mark on each create (`safety_identifier`), and take from List only what bears yours.',
          ...tally.proofs("another's task"),
          figures,
        },
      );
    },
  },
});
