import { z } from 'zod';
import { defineFault } from '../fault.ts';

/** A task that takes longer than any other. It still expires when the request says. */
export const slow = defineFault({
  name: 'slow',
  on: ['task'],
  summary: 'Stretches the times a task spends queued and running.',
  params: z.strictObject({
    factor: z.number().gt(1).max(1_000).describe('How many times as long; several multiply.'),
  }),
  explain: ({ factor }) => `let the task take ${factor} times as long`,
  apply({ plan }, { factor }) {
    plan.stretch = (plan.stretch ?? 1) * factor;
  },
});
