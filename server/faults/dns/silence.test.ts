import { expect, test } from 'vitest';
import type { DnsPlan } from '../plans.ts';
import { applyFault } from '../testing.ts';
import { silence } from './silence.ts';

test('the query is left unanswered', () => {
  const plan: DnsPlan = { delayMs: 0 };
  expect(applyFault(silence, {}, { plan, transport: 'udp' })).toBe('leave the query unanswered');
  expect(plan.answer).toEqual('silence');
});

test('an answer that another fault has planned stays', () => {
  const plan: DnsPlan = { delayMs: 0, answer: { rcode: 'SERVFAIL', addresses: [] } };
  applyFault(silence, {}, { plan, transport: 'udp' });
  expect(plan.answer).toEqual({ rcode: 'SERVFAIL', addresses: [] });
});
