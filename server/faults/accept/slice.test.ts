import { expect, test } from 'vitest';
import type { ConnectionPlan } from '../plans.ts';
import { applyFault, complaintsOf } from '../testing.ts';
import { slice } from './slice.ts';

test('what goes to the client is cut; the first that says how wins', () => {
  const plan: ConnectionPlan = {};
  const context = { plan, openConnections: 1 };
  expect(applyFault(slice, { bytes: 7, delay: '10ms' }, context)).toBe('send segments of 7 bytes at most, 10ms apart');
  applyFault(slice, { bytes: 1 }, context);
  expect(plan.transport).toEqual({ toClient: { slice: { bytes: 7, delayMs: 10 } }, toServer: {} });
});

test.each([[{}], [{ bytes: 0 }], [{ bytes: 16_385 }], [{ bytes: 1, delay: '11m' }]])('%j is refused', (params) =>
  expect(complaintsOf(slice, params)).toHaveLength(1),
);
