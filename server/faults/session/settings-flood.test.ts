import { expect, test } from 'vitest';
import type { SessionPlan } from '../plans.ts';
import { applyFault, complaintsOf } from '../testing.ts';
import { settingsFlood } from './settings-flood.ts';

test('SETTINGS without a setting, beside what another fault has planned', () => {
  const plan: SessionPlan = { extraFrames: [{ frame: Buffer.of(1), count: 1 }] };
  expect(applyFault(settingsFlood, { count: 3 }, { plan })).toBe('send 3 SETTINGS frames at once');
  const frame = { type: 0x4, flags: 0, stream: 0, payload: Buffer.alloc(0) };
  expect(plan.extraFrames?.[1]).toEqual({ frame, count: 3, perSecond: undefined });
});

test('it has an end', () => expect(complaintsOf(settingsFlood, { count: 10_001 })).toHaveLength(1));
