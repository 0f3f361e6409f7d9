import { expect, test } from 'vitest';
import { applyFault, complaintsOf, emptyPlan } from '../testing.ts';
import { delay } from './delay.ts';

test('on request the work starts late', () => {
  const plan = emptyPlan();
  expect(applyFault(delay, { ms: 200 }, { plan, stage: 'request' })).toBe('wait 200ms');
  expect(plan).toEqual({ delayBeforeMs: 200, delayAfterMs: 0 });
});

test('on response the answer is late', () => {
  const plan = emptyPlan();
  expect(applyFault(delay, { ms: '2s' }, { plan, stage: 'response' })).toBe('wait 2s');
  expect(plan).toEqual({ delayBeforeMs: 0, delayAfterMs: 2_000 });
});

test('delays add up', () => {
  const plan = emptyPlan();
  applyFault(delay, { ms: 200 }, { plan, stage: 'request' });
  applyFault(delay, { ms: '1s' }, { plan, stage: 'request' });
  expect(plan.delayBeforeMs).toBe(1_200);
});

test('ten minutes are the limit, in either spelling', () => {
  expect(complaintsOf(delay, { ms: '10m' })).toEqual([]);
  expect(complaintsOf(delay, { ms: 600_000 })).toEqual([]);
  expect(complaintsOf(delay, { ms: '601s' })).toHaveLength(1);
  expect(complaintsOf(delay, { ms: 600_001 })).toHaveLength(1);
  expect(complaintsOf(delay, { ms: -1 })).toHaveLength(1);
});
