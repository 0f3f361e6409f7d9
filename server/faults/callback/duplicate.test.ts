import { expect, test } from 'vitest';
import { applyFault, complaintsOf, healthyCallback } from '../testing.ts';
import { duplicate } from './duplicate.ts';

test('left to itself it delivers twice', () => {
  const plan = healthyCallback();
  expect(applyFault(duplicate, {}, { plan, last: false })).toBe('deliver it twice');
  expect(plan.copies).toBe(1);
});

test('copies add up', () => {
  const plan = healthyCallback();
  expect(applyFault(duplicate, { times: 3 }, { plan, last: false })).toBe('deliver it 4 times');
  applyFault(duplicate, {}, { plan, last: false });
  expect(plan.copies).toBe(4);
});

test('it is no flood, and not nothing', () => {
  expect(complaintsOf(duplicate, { times: 100 })).toEqual([]);
  for (const times of [0, 101, 1.5]) expect(complaintsOf(duplicate, { times })).toHaveLength(1);
});
