import { expect, test } from 'vitest';
import type { SessionPlan } from '../plans.ts';
import { applyFault, complaintsOf, contradictionOf } from '../testing.ts';
import { continuationFlood } from './continuation-flood.ts';

test('the headers never end', () => {
  const plan: SessionPlan = {};
  const did = applyFault(continuationFlood, { count: 50, nth: 2 }, { plan });
  expect(did).toBe('begin the headers of an answer, send 50 CONTINUATION frames, and never end them');
  const deed = { how: 'swell', fields: 50, valueBytes: 100, endless: true };
  expect(plan.frameRules).toEqual([{ direction: 'to-client', type: 0x1, nth: [2], deed }]);
});

test('but the flood does', () => {
  expect(complaintsOf(continuationFlood, { count: 10_001 })).toHaveLength(1);
  expect(contradictionOf(continuationFlood, { count: 10_000, valueBytes: 2_000 }, 'session')).toMatchObject({
    param: 'count',
  });
});
