import { z } from 'zod';
import { defineFault } from '../fault.ts';

/**
 * A poll that reads a replica which lags behind. It counts by what was seen, not by time: however seldom a client
 * polls, it meets the old state right after the new one.
 */
export const regress = defineFault({
  name: 'regress',
  on: ['task'],
  summary: 'Shows a task as it stood before, once Get has shown it in a later state; the task itself goes on.',
  params: z.strictObject({
    from: z
      .enum(['running', 'succeeded'])
      .default('running')
      .describe(
        'The state that Get shows once before it goes back: from running to queued, from succeeded to running.',
      ),
    times: z.int().min(1).max(1_000).default(1).describe('How many answers of Get show the old state.'),
  }),
  explain: ({ from, times }) =>
    `once the task was seen ${from}, show it ${from === 'running' ? 'queued' : 'running'} again, ${times === 1 ? 'once' : `${times} times`}`,
  apply({ plan }, { from, times }) {
    plan.regress ??= { from, times };
  },
});
