import { expect, test } from 'vitest';
import type { SessionPlan } from '../plans.ts';
import { applyFault, complaintsOf } from '../testing.ts';
import { windowStall } from './window-stall.ts';

test.each([
  ['upload', ['to-client']],
  ['download', ['from-client']],
  ['both', ['to-client', 'from-client']],
] as const)('%s drops the WINDOW_UPDATEs that go %s', (direction, ways) => {
  const plan: SessionPlan = {};
  applyFault(windowStall, { direction }, { plan });
  expect(plan.frameRules).toEqual(ways.map((way) => ({ direction: way, type: 0x8, deed: { how: 'drop' } })));
});

test('it says what stands still', () => {
  expect(applyFault(windowStall, {}, { plan: {} })).toBe('stall uploads and downloads by flow control');
  expect(applyFault(windowStall, { direction: 'upload' }, { plan: {} })).toBe('stall uploads by flow control');
});

test('there is no third direction', () => expect(complaintsOf(windowStall, { direction: 'up' })).toHaveLength(1));
