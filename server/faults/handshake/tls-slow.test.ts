import { expect, test } from 'vitest';
import type { ConnectionPlan } from '../plans.ts';
import { applyFault, complaintsOf, contradictionOf } from '../testing.ts';
import { tlsSlow } from './tls-slow.ts';

test('the flight is late, slow, or both', () => {
  const plan: ConnectionPlan = {};
  expect(applyFault(tlsSlow, { delay: '5s', bytesPerSecond: 100 }, { plan })).toBe(
    'send the TLS handshake after 5s at 100 bytes a second',
  );
  expect(plan.transport?.flight).toEqual({ delayMs: 5_000, bytesPerSecond: 100 });
  expect(applyFault(tlsSlow, { delay: '5s' }, { plan: {} })).toBe('send the TLS handshake after 5s');
});

test('it has to be slow in one way', () => {
  expect(contradictionOf(tlsSlow, {}, 'handshake')).toMatchObject({ reason: expect.stringContaining('not slow') });
  expect(contradictionOf(tlsSlow, { bytesPerSecond: 1 }, 'handshake')).toBeUndefined();
});

test.each([[{ delay: '11m' }], [{ bytesPerSecond: 0 }], [{ pace: 3 }]])('%j is refused', (params) =>
  expect(complaintsOf(tlsSlow, params)).toHaveLength(1),
);
