import { expect, test } from 'vitest';
import type { ConnectionPlan } from '../plans.ts';
import { applyFault } from '../testing.ts';
import { reset } from './reset.ts';

test('the connection ends by reset as soon as it is accepted', () => {
  const plan: ConnectionPlan = {};
  expect(applyFault(reset, {}, { plan, openConnections: 1 })).toBe('reset the connection as soon as it is accepted');
  expect(plan).toEqual({ end: { at: 'accept', how: 'reset' } });
});

test('an end that another fault has planned stays', () => {
  const plan: ConnectionPlan = { end: { at: 'accept', how: 'hang' } };
  applyFault(reset, {}, { plan, openConnections: 1 });
  expect(plan.end?.how).toBe('hang');
});
