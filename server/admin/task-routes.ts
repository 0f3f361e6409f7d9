import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Task } from '../seedance/task.ts';
import { readBody } from './body.ts';
import type { AdminDeps } from './deps.ts';

const transition = z.strictObject({ to: z.string() });

const describe = ({ id, status, settings, createdAtMs, updatedAtMs, error }: Task) => ({
  id,
  model: settings.model.id,
  status,
  createdAt: Math.floor(createdAtMs),
  updatedAt: Math.floor(updatedAtMs),
  ...(error && { error }),
});

/** `/tasks`: every task there is, and a way to move one along. */
export function registerTasks(app: FastifyInstance, { tasks }: AdminDeps): void {
  app.get('/tasks', () => ({ tasks: tasks.all().map(describe) }));
  app.post<{ Params: { id: string } }>('/tasks/:id/transition', ({ params, body }) =>
    describe(tasks.transition(params.id, readBody(body, transition).to)),
  );
}
