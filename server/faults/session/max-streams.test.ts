import { expect, test } from 'vitest';
import type { SessionPlan } from '../plans.ts';
import { applyFault, complaintsOf } from '../testing.ts';
import { maxStreams } from './max-streams.ts';

test('left to itself it strikes with the first request, and the first of two stays', () => {
  const plan: SessionPlan = {};
  expect(applyFault(maxStreams, { max: 1 }, { plan })).toBe('allow 1 concurrent streams from request 1 on');
  applyFault(maxStreams, { max: 7, after: 0 }, { plan });
  expect(plan.maxStreams).toEqual({ max: 1, after: 1 });
});

test('a limit has to be given, and has 32 bits', () => {
  expect(complaintsOf(maxStreams, {})).toHaveLength(1);
  expect(complaintsOf(maxStreams, { max: -1 })).toHaveLength(1);
  expect(complaintsOf(maxStreams, { max: 2 ** 32 })).toHaveLength(1);
});
