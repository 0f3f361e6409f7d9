import { z } from 'zod';
import { normalFrom } from '../random.ts';
import { renderDuration } from '../scenario/duration.ts';
import type { Occasion } from '../scenario/scenario.ts';

/** What a length of time may be drawn from, milliseconds; exactly one is set. */
export interface Distribution {
  readonly uniform?: { readonly from: number; readonly to: number } | undefined;
  readonly normal?: { readonly mean: number; readonly deviation: number } | undefined;
  readonly 'log-normal'?: { readonly median: number; readonly sigma: number } | undefined;
  readonly exponential?: { readonly mean: number } | undefined;
}

export const distributionNames = ['uniform', 'normal', 'log-normal', 'exponential'] as const;

/** The settings that name a distribution, with lengths as the schema `length` writes them. */
export const distributionsOf = <L extends z.ZodType<number>>(length: () => L) => ({
  uniform: z
    .strictObject({ from: length(), to: length() })
    .optional()
    .describe('Any length between two, each as likely as the other.'),
  normal: z
    .strictObject({ mean: length(), deviation: length() })
    .optional()
    .describe('Around a mean; two in three are within one deviation of it.'),
  'log-normal': z
    .strictObject({ median: length(), sigma: z.number().positive().max(10) })
    .optional()
    .describe('Half below the median, and a long tail above it, as latencies have: the longer, the higher `sigma`.'),
  exponential: z
    .strictObject({ mean: length() })
    .optional()
    .describe('Two in three are below the mean, as when every moment is as likely to be the last.'),
});

/** Draws a length; whole milliseconds from 0 to `maxMs`. */
export const drawLength = (distribution: Distribution, draw: Occasion['draw'], maxMs: number): number =>
  Math.round(Math.min(Math.max(drawFrom(distribution, draw), 0), maxMs));

function drawFrom(distribution: Distribution, draw: Occasion['draw']): number {
  const { uniform, normal, 'log-normal': logNormal, exponential } = distribution;
  if (uniform) return uniform.from + draw() * (uniform.to - uniform.from);
  if (exponential) return -exponential.mean * Math.log(1 - draw());
  const deviations = normalFrom(draw('radius'), draw('angle'));
  if (normal) return normal.mean + deviations * normal.deviation;
  return logNormal ? logNormal.median * Math.exp(deviations * logNormal.sigma) : 0;
}

/** A distribution in words, or nothing when none is set. */
export function explainDistribution(distribution: Distribution): string | undefined {
  const { uniform, normal, 'log-normal': logNormal, exponential } = distribution;
  if (uniform) return `${renderDuration(uniform.from)} to ${renderDuration(uniform.to)}`;
  if (normal) return `${renderDuration(normal.mean)}, give or take ${renderDuration(normal.deviation)}`;
  if (logNormal) return `${renderDuration(logNormal.median)} at the median, with a tail of sigma ${logNormal.sigma}`;
  return exponential && `${renderDuration(exponential.mean)} on average`;
}

/** Why a range holds nothing, or undefined when it does. */
export const reversedRange = ({ uniform }: Distribution) =>
  uniform && uniform.from > uniform.to
    ? {
        reason: `It ends at ${renderDuration(uniform.to)}, before it starts at ${renderDuration(uniform.from)}.`,
        instead: 'Write a `to` that is longer than `from`.',
      }
    : undefined;
