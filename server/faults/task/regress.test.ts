import { expect, test } from 'vitest';
import type { TaskPlan } from '../plans.ts';
import { applyFault, complaintsOf } from '../testing.ts';
import { regress } from './regress.ts';

const healthy = (): TaskPlan => ({ queuedMs: 1_000, runningMs: 4_000, outcome: 'succeeded' });

test('left to itself it goes from running back to queued, once', () => {
  const plan = healthy();
  expect(applyFault(regress, {}, { plan })).toBe('once the task was seen running, show it queued again, once');
  expect(plan.regress).toEqual({ from: 'running', times: 1 });
});

test('the first of two stays', () => {
  const plan = healthy();
  expect(applyFault(regress, { from: 'succeeded', times: 3 }, { plan })).toBe(
    'once the task was seen succeeded, show it running again, 3 times',
  );
  applyFault(regress, {}, { plan });
  expect(plan.regress).toEqual({ from: 'succeeded', times: 3 });
});

test.each([{ from: 'queued' }, { times: 0 }, { times: 1_001 }, { times: 1.5 }])('%j is refused', (params) =>
  expect(complaintsOf(regress, params)).toHaveLength(1),
);
