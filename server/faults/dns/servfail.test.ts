import { expect, test } from 'vitest';
import type { DnsPlan } from '../plans.ts';
import { applyFault } from '../testing.ts';
import { servfail } from './servfail.ts';

test('the server has a problem of its own', () => {
  const plan: DnsPlan = { delayMs: 0 };
  expect(applyFault(servfail, {}, { plan, transport: 'udp' })).toBe('answer SERVFAIL');
  expect(plan.answer).toEqual({ rcode: 'SERVFAIL', addresses: [] });
});

test('an answer that another fault has planned stays', () => {
  const plan: DnsPlan = { delayMs: 0, answer: 'silence' };
  applyFault(servfail, {}, { plan, transport: 'udp' });
  expect(plan.answer).toEqual('silence');
});
