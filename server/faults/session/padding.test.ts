import { expect, test } from 'vitest';
import type { SessionPlan } from '../plans.ts';
import { applyFault } from '../testing.ts';
import { padding } from './padding.ts';

test('every frame is padded', () => {
  const plan: SessionPlan = {};
  expect(applyFault(padding, {}, { plan })).toBe('pad every frame');
  expect(plan).toEqual({ padded: true });
});
