import { expect, test } from 'vitest';
import type { ConnectionPlan } from '../plans.ts';
import { applyFault, complaintsOf, contradictionOf } from '../testing.ts';
import { latency } from './latency.ts';

test('both directions are late, and latencies add up', () => {
  const plan: ConnectionPlan = {};
  expect(applyFault(latency, { ms: 200 }, { plan, openConnections: 1 })).toBe(
    'carry every byte 200ms late, in each direction',
  );
  applyFault(latency, { ms: '1s', jitter: 50, direction: 'to-client' }, { plan, openConnections: 1 });
  expect(plan.transport).toEqual({
    toClient: { latencyMs: 1_200, jitterMs: 50 },
    toServer: { latencyMs: 200, jitterMs: 0 },
  });
});

test('bytes cannot arrive before they are sent', () => {
  expect(contradictionOf(latency, { ms: 100, jitter: 101 }, 'accept')).toMatchObject({ param: 'jitter' });
  expect(contradictionOf(latency, { ms: 100, jitter: 100 }, 'accept')).toBeUndefined();
});

test.each([[{}], [{ ms: -1 }], [{ ms: '11m' }], [{ ms: 1, direction: 'up' }], [{ ms: 1, jitter: -1 }]])(
  '%j is refused',
  (params) => expect(complaintsOf(latency, params)).toHaveLength(1),
);
