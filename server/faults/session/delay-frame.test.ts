import { expect, test } from 'vitest';
import type { SessionPlan } from '../plans.ts';
import { applyFault, complaintsOf } from '../testing.ts';
import { delayFrame } from './delay-frame.ts';

test('frames of a type are held back', () => {
  const plan: SessionPlan = {};
  const did = applyFault(delayFrame, { type: 'WINDOW_UPDATE', ms: '2s', nth: 2 }, { plan });
  expect(did).toBe('hold back WINDOW_UPDATE number 2 for 2000 ms');
  const deed = { how: 'delay', ms: 2_000 };
  expect(plan.frameRules).toEqual([{ direction: 'to-client', type: 0x8, nth: [2], deed }]);
});

test('for a bounded time', () => {
  expect(complaintsOf(delayFrame, { type: 'DATA', ms: -1 })).not.toEqual([]);
  expect(complaintsOf(delayFrame, { type: 'DATA', ms: '11m' })).not.toEqual([]);
  expect(complaintsOf(delayFrame, { type: 'DATA' })).not.toEqual([]);
});
