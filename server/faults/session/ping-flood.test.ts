import { expect, test } from 'vitest';
import type { SessionPlan } from '../plans.ts';
import { applyFault, complaintsOf } from '../testing.ts';
import { pingFlood } from './ping-flood.ts';

test('PINGs of eight bytes (RFC 9113, section 6.7), as many and as fast as it says', () => {
  const plan: SessionPlan = {};
  expect(applyFault(pingFlood, { count: 20, perSecond: 5 }, { plan })).toBe('send 20 PING frames, 5 a second');
  expect(plan.extraFrames).toMatchObject([{ frame: { type: 0x6, flags: 0, stream: 0 }, count: 20, perSecond: 5 }]);
  expect(plan.extraFrames?.[0]?.frame).toHaveProperty('payload.length', 8);
});

test('it has an end', () => {
  expect(complaintsOf(pingFlood, { count: 10_001 })).toHaveLength(1);
  expect(complaintsOf(pingFlood, { count: 0 })).toHaveLength(1);
  expect(complaintsOf(pingFlood, { perSecond: 0 })).toHaveLength(1);
  expect(complaintsOf(pingFlood, { perSecond: 1_001 })).toHaveLength(1);
});
