import { expect, test } from 'vitest';
import type { TaskPlan } from '../plans.ts';
import { applyFault, complaintsOf } from '../testing.ts';
import { slow } from './slow.ts';

test('two of them multiply', () => {
  const plan: TaskPlan = { queuedMs: 1_000, runningMs: 4_000, outcome: 'succeeded' };
  expect(applyFault(slow, { factor: 2.5 }, { plan })).toBe('let the task take 2.5 times as long');
  applyFault(slow, { factor: 4 }, { plan });
  expect(plan).toMatchObject({ stretch: 10, queuedMs: 1_000, runningMs: 4_000 });
});

test.each([1, 0, -2, 1_001, '2', undefined])('a factor of %s slows nothing down, or for too long', (factor) =>
  expect(complaintsOf(slow, { factor })).toHaveLength(1),
);
