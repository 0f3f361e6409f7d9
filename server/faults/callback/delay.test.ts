import { expect, test } from 'vitest';
import { applyFault, complaintsOf, healthyCallback } from '../testing.ts';
import { delay } from './delay.ts';

test('delays of one callback add up', () => {
  const plan = healthyCallback();
  expect(applyFault(delay, { ms: 200 }, { plan, last: false })).toBe('send it 200ms late');
  applyFault(delay, { ms: '1s' }, { plan, last: false });
  expect(plan.delayMs).toBe(1_200);
});

test('a callback that is lost is not late as well', () => {
  const plan = { ...healthyCallback(), dropped: true };
  applyFault(delay, { ms: 200 }, { plan, last: false });
  expect(plan.delayMs).toBe(0);
});

test('ten minutes are the limit', () => {
  expect(complaintsOf(delay, { ms: '10m' })).toEqual([]);
  expect(complaintsOf(delay, { ms: '601s' })).toHaveLength(1);
  expect(complaintsOf(delay, {})).toHaveLength(1);
});
