import { z } from 'zod';
import { delay as delayLength, renderDuration } from '../../scenario/duration.ts';
import { defineFault } from '../fault.ts';

/** The news is old when it comes, and newer ones have overtaken it. Delays of one callback add up. */
export const delay = defineFault({
  name: 'delay',
  on: ['callback'],
  summary: 'Sends a callback late; later ones of the same task overtake it.',
  params: z.strictObject({
    ms: delayLength().describe('How long: milliseconds, or a duration such as 2s.'),
  }),
  explain: ({ ms }) => `send it ${renderDuration(ms)} late`,
  applies: ({ plan }) => !plan.dropped,
  apply({ plan }, { ms }) {
    plan.delayMs += ms;
  },
});
