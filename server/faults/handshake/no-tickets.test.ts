import { expect, test } from 'vitest';
import type { ConnectionPlan } from '../plans.ts';
import { applyFault } from '../testing.ts';
import { noTickets } from './no-tickets.ts';

test('no tickets are planned, and all else stays', () => {
  const plan: ConnectionPlan = { tls: { version: 'TLSv1.2' } };
  expect(applyFault(noTickets, {}, { plan })).toBe('issue no session tickets, and resume no session');
  expect(plan.tls).toEqual({ version: 'TLSv1.2', tickets: false });
});
