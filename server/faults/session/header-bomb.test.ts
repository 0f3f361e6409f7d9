import { expect, test } from 'vitest';
import type { SessionPlan } from '../plans.ts';
import { applyFault, complaintsOf, contradictionOf } from '../testing.ts';
import { headerBomb } from './header-bomb.ts';

test('left to itself it adds a megabyte to every answer', () => {
  const plan: SessionPlan = {};
  expect(applyFault(headerBomb, {}, { plan })).toBe('add 1000 header fields of 1000 bytes to the answer');
  const deed = { how: 'swell', fields: 1_000, valueBytes: 1_000, endless: false };
  expect(plan.frameRules).toEqual([{ direction: 'to-client', type: 0x1, nth: undefined, deed }]);
});

test('it is no larger than 16 MiB', () => {
  expect(contradictionOf(headerBomb, { fields: 10_000, valueBytes: 1_677 }, 'session')).toBeUndefined();
  expect(contradictionOf(headerBomb, { fields: 10_000, valueBytes: 1_678 }, 'session')).toMatchObject({
    param: 'fields',
  });
  expect(complaintsOf(headerBomb, { fields: 10_001 })).toHaveLength(1);
  expect(complaintsOf(headerBomb, { valueBytes: 16_001 })).toHaveLength(1);
});
