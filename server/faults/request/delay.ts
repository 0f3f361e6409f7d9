import { z } from 'zod';
import { normalFrom } from '../../random.ts';
import { delay as delayLength, MAX_DELAY_MS, renderDuration } from '../../scenario/duration.ts';
import type { Occasion } from '../../scenario/scenario.ts';
import { exactlyOneOf } from '../exactly-one.ts';
import { type Contradiction, defineFault } from '../fault.ts';

/** How long to wait: a length, or how it is drawn. */
export const delayParams = exactlyOneOf(
  ['ms', 'uniform', 'normal', 'log-normal'],
  z.strictObject({
    ms: delayLength().optional().describe('How long: milliseconds, or a duration such as 2s.'),
    uniform: z
      .strictObject({ from: delayLength(), to: delayLength() })
      .optional()
      .describe('Any length between two, each as likely as the other.'),
    normal: z
      .strictObject({ mean: delayLength(), deviation: delayLength() })
      .optional()
      .describe('Around a mean; two in three are within one deviation of it.'),
    'log-normal': z
      .strictObject({ median: delayLength(), sigma: z.number().positive().max(10) })
      .optional()
      .describe('Half below the median, and a long tail above it, as latencies have: the longer, the higher `sigma`.'),
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
export function delayContradiction({ uniform }: Length): Contradiction | undefined {
  if (!uniform || uniform.from <= uniform.to) return undefined;
  return {
    param: 'uniform',
    reason: `It ends at ${renderDuration(uniform.to)}, before it starts at ${renderDuration(uniform.from)}.`,
    instead: 'Write a `to` that is longer than `from`.',
  };
}

/** In words, with what is drawn on an occasion. */
export function explainDelay(length: Length, occasion?: Occasion): string {
  return `wait ${occasion ? renderDuration(lengthOf(length, occasion)) : explainLength(length)}`;
}

/** The length for an occasion, in milliseconds. */
export function lengthOf(length: Length, { draw }: Occasion): number {
  if (length.ms !== undefined) return length.ms;
  return Math.round(Math.min(Math.max(drawLength(length, draw), 0), MAX_DELAY_MS));
}

function drawLength({ uniform, normal, 'log-normal': logNormal }: Length, draw: Occasion['draw']): number {
  if (uniform) return uniform.from + draw() * (uniform.to - uniform.from);
  const deviations = normalFrom(draw('radius'), draw('angle'));
  if (normal) return normal.mean + deviations * normal.deviation;
  return logNormal ? logNormal.median * Math.exp(deviations * logNormal.sigma) : 0;
}

function explainLength({ ms = 0, uniform, normal, 'log-normal': logNormal }: Length): string {
  if (uniform) return `${renderDuration(uniform.from)} to ${renderDuration(uniform.to)}`;
  if (normal) return `${renderDuration(normal.mean)}, give or take ${renderDuration(normal.deviation)}`;
  if (logNormal) return `${renderDuration(logNormal.median)} at the median, with a tail of sigma ${logNormal.sigma}`;
  return renderDuration(ms);
}
