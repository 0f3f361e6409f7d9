import { expect, test } from 'vitest';
import type { DnsPlan } from '../plans.ts';
import { applyFault } from '../testing.ts';
import { nxdomain } from './nxdomain.ts';

test('there is no such name', () => {
  const plan: DnsPlan = { delayMs: 0 };
  expect(applyFault(nxdomain, {}, { plan, transport: 'udp' })).toBe('answer NXDOMAIN');
  expect(plan.answer).toEqual({ rcode: 'NXDOMAIN', addresses: [] });
});

test('an answer that another fault has planned stays', () => {
  const plan: DnsPlan = { delayMs: 0, answer: 'silence' };
  applyFault(nxdomain, {}, { plan, transport: 'udp' });
  expect(plan.answer).toEqual('silence');
});
