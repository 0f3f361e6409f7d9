import { expect, test } from 'vitest';
import type { TaskPlan } from '../plans.ts';
import { applyFault, complaintsOf } from '../testing.ts';
import { stick } from './stick.ts';

test.each(['queued', 'running'] as const)('the task stays %s', (state) => {
  const plan: TaskPlan = { queuedMs: 1_000, runningMs: 4_000, outcome: 'succeeded' };
  expect(applyFault(stick, { in: state }, { plan })).toBe(`leave the task ${state} until it expires`);
  expect(plan.stickIn).toBe(state);
});

test('a task cannot stick in an end', () => expect(complaintsOf(stick, { in: 'succeeded' })).toHaveLength(1));
