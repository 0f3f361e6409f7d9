import { expect, test } from 'vitest';
import { applyFault, complaintsOf, contradictionOf, healthyCallback } from '../testing.ts';
import { reorder } from './reorder.ts';

test('left to itself it waits half a minute for the next one', () => {
  const plan = healthyCallback();
  const did = applyFault(reorder, {}, { plan, last: false });
  expect(did).toBe('hold it back until the next one was sent, 30s at most');
  expect(plan.heldMs).toBe(30_000);
});

test('the longest of two counts', () => {
  const plan = healthyCallback();
  for (const within of ['2s', '9s', 300]) applyFault(reorder, { within }, { plan, last: false });
  expect(plan.heldMs).toBe(9_000);
});

test('nothing overtakes the last one', () => {
  const plan = healthyCallback();
  applyFault(reorder, {}, { plan, last: true });
  expect(plan.heldMs).toBeUndefined();
});

test('a rule for the ends of tasks alone makes no sense', () => {
  expect(contradictionOf(reorder, {}, 'callback', { status: 'succeeded' })?.reason).toContain('no later callback');
  expect(contradictionOf(reorder, {}, 'callback', { status: '*ed' })).toBeUndefined();
  expect(contradictionOf(reorder, {}, 'callback')).toBeUndefined();
});

test('ten minutes are the limit', () => expect(complaintsOf(reorder, { within: '11m' })).toHaveLength(1));
