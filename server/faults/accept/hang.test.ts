import { expect, test } from 'vitest';
import type { ConnectionPlan } from '../plans.ts';
import { applyFault } from '../testing.ts';
import { hang } from './hang.ts';

test('the connection is accepted and left unanswered', () => {
  const plan: ConnectionPlan = {};
  expect(applyFault(hang, {}, { plan, openConnections: 1 })).toBe('accept the connection and leave it unanswered');
  expect(plan).toEqual({ end: { at: 'accept', how: 'hang' } });
});

test('an end that another fault has planned stays', () => {
  const plan: ConnectionPlan = { end: { at: 'accept', how: 'reset' } };
  applyFault(hang, {}, { plan, openConnections: 1 });
  expect(plan.end?.how).toBe('reset');
});
