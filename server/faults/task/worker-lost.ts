import { z } from 'zod';
import { duration, renderDuration } from '../../scenario/duration.ts';
import { defineFault } from '../fault.ts';

/** Reference, B4: nodes go NotReady at the time of a peak. The task that is struck is the moment, not the victim. */
export const workerLost = defineFault({
  name: 'worker-lost',
  on: ['task'],
  summary: 'Takes a share of the workers away when a task is created: what they run hangs, then fails or moves.',
  params: z.strictObject({
    share: z
      .number()
      .gt(0)
      .max(1)
      .describe('Share of the workers of the `dispatcher`, at least one; without one, share of the running tasks.'),
    for: duration({ minMs: 1 }).describe('How long they are away, and how long their tasks hang.'),
    then: z
      .enum(['fail', 'move'])
      .default('fail')
      .describe('What becomes of their tasks after that: they fail, or start anew on the next worker that is free.'),
  }),
  explain: ({ share, for: ms, then }) =>
    `lose ${+(share * 100).toFixed(2)} % of the workers for ${renderDuration(ms)}, then ${then} their tasks`,
  apply({ plan }, { share, for: forMs, then }, { draw }) {
    plan.workerLoss ??= { share, forMs, then, roll: draw() };
  },
});
