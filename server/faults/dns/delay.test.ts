import { expect, test } from 'vitest';
import type { DnsPlan } from '../plans.ts';
import { applyFault, complaintsOf } from '../testing.ts';
import { delay } from './delay.ts';

test('delays add up', () => {
  const plan: DnsPlan = { delayMs: 0 };
  expect(applyFault(delay, { ms: '4s' }, { plan, transport: 'udp' })).toBe('wait 4s');
  applyFault(delay, { ms: 80 }, { plan, transport: 'udp' });
  expect(plan).toEqual({ delayMs: 4_080 });
});

test('ten minutes are the limit', () => {
  expect(complaintsOf(delay, { ms: '10m' })).toEqual([]);
  expect(complaintsOf(delay, { ms: '601s' })).toHaveLength(1);
  expect(complaintsOf(delay, {})).toHaveLength(1);
});
