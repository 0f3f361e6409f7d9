import { expect, test } from 'vitest';
import type { SessionPlan } from '../plans.ts';
import { applyFault } from '../testing.ts';
import { pingSilence } from './ping-silence.ts';

test('acknowledgements are dropped, PINGs of our own are not', () => {
  const plan: SessionPlan = {};
  expect(applyFault(pingSilence, {}, { plan })).toBe('acknowledge no PING');
  expect(plan.frameRules).toEqual([{ direction: 'to-client', type: 0x6, ack: true, deed: { how: 'drop' } }]);
});
