import { expect, test } from 'vitest';
import type { ConnectionPlan } from '../plans.ts';
import { applyFault, complaintsOf } from '../testing.ts';
import { bandwidth } from './bandwidth.ts';

test('the thinnest line counts, each direction by itself', () => {
  const plan: ConnectionPlan = {};
  const context = { plan, openConnections: 1 };
  expect(applyFault(bandwidth, { bytesPerSecond: 100, direction: 'to-client' }, context)).toBe(
    'carry 100 bytes a second to the client',
  );
  applyFault(bandwidth, { bytesPerSecond: 500 }, context);
  expect(plan.transport).toEqual({ toClient: { bytesPerSecond: 100 }, toServer: { bytesPerSecond: 500 } });
});

test.each([[{}], [{ bytesPerSecond: 0 }], [{ bytesPerSecond: '1k' }], [{ bytesPerSecond: 1, direction: 'down' }]])(
  '%j is refused',
  (params) => expect(complaintsOf(bandwidth, params)).toHaveLength(1),
);
