import { z } from 'zod';
import { defineFault } from '../fault.ts';

/** Reference, B3: a task that nobody picks up. It moves on only by expiring. */
export const stick = defineFault({
  name: 'stick',
  on: ['task'],
  summary: 'Leaves a task in one state until it expires.',
  params: z.strictObject({
    in: z.enum(['queued', 'running']).describe('The state it never leaves by itself.'),
  }),
  decides: 'outcome',
  explain: ({ in: state }) => `leave the task ${state} until it expires`,
  apply({ plan }, { in: state }) {
    plan.stickIn ??= state;
  },
});
