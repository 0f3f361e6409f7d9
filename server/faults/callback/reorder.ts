import { z } from 'zod';
import { delay as delayLength, renderDuration } from '../../scenario/duration.ts';
import { fitsText } from '../../scenario/pattern.ts';
import { defineFault } from '../fault.ts';

/** What a callback can tell of that another one follows. */
const passing = ['queued', 'running'];

/** The newer news comes first. A receiver that takes the latest callback for the present goes back in time. */
export const reorder = defineFault({
  name: 'reorder',
  on: ['callback'],
  summary: 'Holds a callback back until the next one of the same task was answered, or was tried in vain.',
  params: z.strictObject({
    within: delayLength().default(30_000).describe('No longer than this, should no next one be sent.'),
  }),
  decides: 'order',
  contradiction: (_params, { match: { status } }) =>
    status === undefined || passing.some((known) => fitsText(String(status), known))
      ? undefined
      : {
          param: '',
          reason: `A task that is ${status} is over: no later callback follows that could overtake this one.`,
          instead: 'Match the status `queued` or `running`, or use `delay`.',
        },
  explain: ({ within }) => `hold it back until the next one was sent, ${renderDuration(within)} at most`,
  applies: ({ plan, last }) => !plan.dropped && !last,
  apply({ plan }, { within }) {
    plan.heldMs = Math.max(plan.heldMs ?? 0, within);
  },
});
