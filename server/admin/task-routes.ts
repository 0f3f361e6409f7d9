import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { documented } from '../openapi/documented.ts';
import { type Task, type TaskStatus, taskStatuses } from '../seedance/task.ts';
import { successRateOf } from '../task-tally.ts';
import { taskSchema, tasksAnswer } from './answers.ts';
import { readBody } from './body.ts';
import type { FindWorld } from './deps.ts';

const transition = z.strictObject({ to: z.string() });

const describe = ({ id, status, settings, createdAtMs, updatedAtMs, error }: Task) => ({
  id,
  model: settings.model.id,
  status,
  createdAt: Math.floor(createdAtMs),
  updatedAt: Math.floor(updatedAtMs),
  ...(error && { error }),
});

/** How many of these tasks are in each state, and which share of those that came to an end of their own succeeded. */
export function summarizeTasks(tasks: readonly Task[]) {
  const counts = Object.fromEntries(taskStatuses.map((status) => [status, 0])) as Record<TaskStatus, number>;
  for (const { status } of tasks) counts[status]++;
  // Get calls them queued.
  const dropped = tasks.filter((task) => task.dropped && task.status === 'queued').length;
  return { total: tasks.length, ...counts, dropped, successRate: successRateOf({ ...counts, dropped }) ?? null };
}

/** `/tasks`: every task there is, and a way to move one along. */
export function registerTasks(app: FastifyInstance, worldOf: FindWorld): void {
  app.get(
    '/tasks',
    documented({ summary: 'Every task there is, and what became of them in all.', answer: { schema: tasksAnswer } }),
    (request) => {
      const all = worldOf(request).tasks.all();
      return { summary: summarizeTasks(all), tasks: all.map(describe) };
    },
  );
  app.post<{ Params: { id: string } }>(
    '/tasks/:id/transition',
    documented({
      summary: 'Moves a task along one of its arrows.',
      body: { schema: transition },
      answer: { schema: taskSchema },
      refusals: [400, 404],
    }),
    (request) => describe(worldOf(request).tasks.transition(request.params.id, readBody(request.body, transition).to)),
  );
}
