import { expect, test } from 'vitest';
import type { ConnectionPlan } from '../plans.ts';
import { applyFault, complaintsOf } from '../testing.ts';
import { halfClose } from './half-close.ts';

test('before the first byte it is a FIN at the accept', () => {
  const plan: ConnectionPlan = {};
  expect(applyFault(halfClose, {}, { plan, openConnections: 1 })).toBe(
    'send FIN as soon as the connection is accepted and read on',
  );
  expect(plan).toEqual({ end: { at: 'accept', how: 'fin' } });
});

test('later it is for the line to count', () => {
  const plan: ConnectionPlan = {};
  applyFault(halfClose, { afterBytes: 3_000 }, { plan, openConnections: 1 });
  expect(plan).toEqual({ transport: { toClient: {}, toServer: {}, halfClose: { afterBytes: 3_000 } } });
});

test.each([[{ afterBytes: -1 }], [{ afterBytes: 1.5 }], [{ after: 3 }]])('%j is refused', (params) =>
  expect(complaintsOf(halfClose, params)).toHaveLength(1),
);
