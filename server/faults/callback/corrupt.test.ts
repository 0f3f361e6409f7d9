import { expect, test } from 'vitest';
import { applyFault, complaintsOf, healthyCallback, occasionOf } from '../testing.ts';
import { corrupt } from './corrupt.ts';

test('what was drawn says where and how, each byte in a part of its own', () => {
  const plan = healthyCallback();
  expect(applyFault(corrupt, { bytes: 2 }, { plan, last: false }, occasionOf({}, 0.5))).toBe(
    'turn bits in 2 bytes of its body',
  );
  expect(plan.flips).toEqual([
    { at: 0.25, bits: 128 },
    { at: 0.75, bits: 128 },
  ]);
});

test.each([0, 0.999_999])('whatever is drawn, a bit is turned and within the body (%d)', (drawn) => {
  const plan = healthyCallback();
  applyFault(corrupt, {}, { plan, last: false }, occasionOf({}, drawn));
  const [{ at, bits } = { at: 1, bits: 0 }] = plan.flips;
  expect(bits).toBeGreaterThanOrEqual(1);
  expect(bits).toBeLessThanOrEqual(255);
  expect(at).toBeLessThan(1);
});

test('it turns one byte at least, and a hundred at most', () => {
  expect(complaintsOf(corrupt, {})).toEqual([]);
  for (const bytes of [0, 101]) expect(complaintsOf(corrupt, { bytes })).toHaveLength(1);
});
