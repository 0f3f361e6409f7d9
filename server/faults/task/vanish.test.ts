import { expect, test } from 'vitest';
import type { TaskPlan } from '../plans.ts';
import { applyFault, complaintsOf } from '../testing.ts';
import { vanish } from './vanish.ts';

test('the longest of several counts', () => {
  const plan: TaskPlan = { queuedMs: 1_000, runningMs: 4_000, outcome: 'succeeded' };
  expect(applyFault(vanish, { for: '3s' }, { plan })).toBe('hide the task for 3s');
  applyFault(vanish, { for: '500ms' }, { plan });
  expect(plan.hiddenMs).toBe(3_000);
});

test('no time is no fault', () => expect(complaintsOf(vanish, { for: '0s' })).toEqual(['for: Write 1ms or more.']));
