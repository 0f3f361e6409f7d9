import { z } from 'zod';
import { duration, renderDuration } from '../../scenario/duration.ts';
import { defineFault } from '../fault.ts';

/** Reference, B3: the entry of a delayed queue that nobody consumes, until after its time to live. */
export const expire = defineFault({
  name: 'expire',
  on: ['task'],
  summary: 'Leaves a task queued until it expires: at once, when it is due, or later than that.',
  params: z.strictObject({
    after: duration()
      .optional()
      .describe('How long after it was created, 0s for at once; left out, when its `execution_expires_after` is over.'),
    late: duration().optional().describe('How long it stays queued past `execution_expires_after`.'),
  }),
  decides: 'outcome',
  contradiction: ({ after, late }) =>
    after === undefined || late === undefined
      ? undefined
      : {
          param: 'late',
          reason: 'With "after" the task does not wait for `execution_expires_after`, so it cannot be late for it.',
          instead: 'Write one of the two.',
        },
  explain({ after, late }) {
    if (after === 0) return 'let the task expire at once';
    if (after !== undefined) return `let the task expire after ${renderDuration(after)}`;
    return `leave the task queued until ${late ? `${renderDuration(late)} after ` : ''}it is due to expire`;
  },
  apply({ plan }, { after, late }) {
    if (plan.stickIn) return;
    plan.stickIn = 'queued';
    if (after !== undefined) plan.expiresAfterMs = after;
    if (late !== undefined) plan.expiresLateMs = late;
  },
});
