import { z } from 'zod';
import { delay as delayLength, renderDuration } from '../../scenario/duration.ts';
import { defineFault } from '../fault.ts';

/** On `request` the work starts late; on `response` it is done, and only the answer is late. Delays of one request add up. */
export const delay = defineFault({
  name: 'delay',
  on: ['request', 'response'],
  summary: 'Waits before the request is carried out, or before it is answered.',
  params: z.strictObject({
    ms: delayLength().describe('How long: milliseconds, or a duration such as 2s.'),
  }),
  explain: ({ ms }) => `wait ${renderDuration(ms)}`,
  apply({ plan, stage }, { ms }) {
    if (stage === 'request') plan.delayBeforeMs += ms;
    else plan.delayAfterMs += ms;
  },
});
