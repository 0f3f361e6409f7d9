import { z } from 'zod';
import { delay as delayLength, MAX_DELAY_MS, renderDuration } from '../../scenario/duration.ts';
import type { Occasion } from '../../scenario/scenario.ts';
import { distributionNames, distributionsOf, drawLength, explainDistribution, reversedRange } from '../distribution.ts';
import { exactlyOneOf } from '../exactly-one.ts';
import { type Contradiction, defineFault } from '../fault.ts';

/** How long to wait: a length, or how it is drawn. */
export const delayParams = exactlyOneOf(
  ['ms', ...distributionNames],
  z.strictObject({
    ms: delayLength().optional().describe('How long: milliseconds, or a duration such as 2s.'),
    ...distributionsOf(delayLength),
  }),
);
type Length = z.output<typeof delayParams>;

/**
 * On `request` the work starts late; on `response` it is done, and only the answer is late. Delays of one request add
 * up. What is drawn follows from the seed and the ordinal, and is cut off at 0 and at 10 minutes.
 */
export const delay = defineFault({
  name: 'delay',
  on: ['request', 'response'],
  summary: 'Waits before the request is carried out, or before it is answered: so long, or as long as is drawn.',
  params: delayParams,
  contradiction: delayContradiction,
  explain: explainDelay,
  apply({ plan, stage }, length, occasion) {
    const ms = lengthOf(length, occasion);
    if (stage === 'request') plan.delayBeforeMs += ms;
    else plan.delayAfterMs += ms;
  },
});

/** Why no length can be drawn. */
export function delayContradiction(length: Length): Contradiction | undefined {
  const reversed = reversedRange(length);
  return reversed && { param: 'uniform', ...reversed };
}

/** In words, with what is drawn on an occasion. */
export function explainDelay(length: Length, occasion?: Occasion): string {
  return `wait ${occasion ? renderDuration(lengthOf(length, occasion)) : (explainDistribution(length) ?? renderDuration(length.ms ?? 0))}`;
}

/** The length for an occasion, in milliseconds. */
export const lengthOf = (length: Length, { draw }: Occasion): number =>
  length.ms ?? drawLength(length, draw, MAX_DELAY_MS);
