import type { CallbackPlan } from '../faults/plans.ts';

/** The body of a callback, with what a plan does to it: first another task's id, then turned bits. Its length may change only
 * by the id. */
export function spoilBody(
  body: Buffer,
  { wrongTask, flips }: Pick<CallbackPlan, 'wrongTask' | 'flips'>,
  otherId: () => string,
): Buffer {
  if (!wrongTask && flips.length === 0) return body;
  // A copy: Get answers with the same bytes.
  const spoilt = wrongTask
    ? Buffer.from(JSON.stringify({ ...JSON.parse(body.toString()), id: otherId() }))
    : Buffer.from(body);
  for (const { at, bits } of flips) {
    const index = Math.floor(at * spoilt.length);
    spoilt[index] = (spoilt[index] ?? 0) ^ bits;
  }
  return spoilt;
}
