import { expect, test } from 'vitest';
import type { SessionPlan } from '../plans.ts';
import { applyFault, complaintsOf, contradictionOf } from '../testing.ts';
import { settings } from './settings.ts';

test('it announces what it is given, and what another fault has planned stays', () => {
  const plan: SessionPlan = { settings: { initialWindowSize: 1 } };
  const did = applyFault(settings, { initialWindowSize: 0, headerTableSize: 0 }, { plan });
  expect(did).toBe('announce headerTableSize 0, initialWindowSize 0');
  expect(plan.settings).toEqual({ initialWindowSize: 1, headerTableSize: 0 });
});

test('values are those of RFC 9113, section 6.5.2', () => {
  expect(complaintsOf(settings, { maxFrameSize: 16_383 })).toHaveLength(1);
  expect(complaintsOf(settings, { maxFrameSize: 2 ** 24 })).toHaveLength(1);
  expect(complaintsOf(settings, { initialWindowSize: 2 ** 31 })).toHaveLength(1);
  expect(complaintsOf(settings, { headerTableSize: 2 ** 32 - 1, maxFrameSize: 2 ** 24 - 1 })).toEqual([]);
});

test('nothing to announce is a mistake', () =>
  expect(contradictionOf(settings, {}, 'session')?.reason).toBe('Nothing is announced.'));
