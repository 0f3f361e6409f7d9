import { expect, test } from 'vitest';
import { applyFault, healthyCallback } from '../testing.ts';
import { wrongTask } from './wrong-task.ts';

test('the body is to name another task', () => {
  const plan = healthyCallback();
  expect(applyFault(wrongTask, {}, { plan, last: false })).toBe("put another task's id into its body");
  expect(plan).toEqual({ ...healthyCallback(), wrongTask: true });
});

test('what is lost names nobody', () => {
  const plan = { ...healthyCallback(), dropped: true };
  applyFault(wrongTask, {}, { plan, last: false });
  expect(plan.wrongTask).toBe(false);
});
