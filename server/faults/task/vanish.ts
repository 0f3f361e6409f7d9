import { z } from 'zod';
import { duration, renderDuration } from '../../scenario/duration.ts';
import { defineFault } from '../fault.ts';

/** Eventual consistency: create answered with an id that the replica which is read does not have yet. */
export const vanish = defineFault({
  name: 'vanish',
  on: ['task'],
  summary: 'Answers 404 to every question about a task for a while after it was created; the task goes on meanwhile.',
  params: z.strictObject({
    for: duration({ minMs: 1 }).describe('How long Get, List and DELETE do not know it.'),
  }),
  explain: ({ for: ms }) => `hide the task for ${renderDuration(ms)}`,
  apply({ plan }, { for: ms }) {
    plan.hiddenMs = Math.max(plan.hiddenMs ?? 0, ms);
  },
});
