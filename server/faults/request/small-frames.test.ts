import { expect, test } from 'vitest';
import { applyFault, complaintsOf, emptyPlan } from '../testing.ts';
import { smallFrames } from './small-frames.ts';

test('the smaller frames of the first of two stay', () => {
  const plan = emptyPlan();
  const context = { plan, stage: 'response' } as const;
  expect(applyFault(smallFrames, {}, context)).toBe('send the body in frames of 5 bytes');
  applyFault(smallFrames, { bytes: 7 }, context);
  expect(plan.pieceBytes).toBe(5);
});

test('a piece has at least a byte, and fits into a frame', () => {
  expect(complaintsOf(smallFrames, { bytes: 0 })).toHaveLength(1);
  expect(complaintsOf(smallFrames, { bytes: 16_001 })).toHaveLength(1);
});
