import { expect, test } from 'vitest';
import type { ConnectionPlan } from '../plans.ts';
import { applyFault, complaintsOf } from '../testing.ts';
import { freeze } from './freeze.ts';

test('it begins some time after the accept, or with it', () => {
  const plan: ConnectionPlan = {};
  const context = { plan, openConnections: 1 };
  expect(applyFault(freeze, { after: '2s', for: '5s' }, context)).toBe(
    'let nothing pass for 5s, from 2s after the accept on',
  );
  expect(plan.transport?.freeze).toEqual({ afterMs: 2_000, forMs: 5_000 });
  expect(applyFault(freeze, { for: '5s' }, context)).toBe('let nothing pass for 5s, from the accept on');
});

test.each([[{}], [{ for: '0s' }], [{ for: '11m' }], [{ for: 5 }], [{ after: '11m', for: '1s' }]])(
  '%j is refused',
  (params) => expect(complaintsOf(freeze, params)).toHaveLength(1),
);
