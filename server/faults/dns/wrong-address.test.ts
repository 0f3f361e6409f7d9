import { expect, test } from 'vitest';
import type { DnsPlan } from '../plans.ts';
import { applyFault, complaintsOf } from '../testing.ts';
import { wrongAddress } from './wrong-address.ts';

test.each(['127.0.0.2', '2001:db8::1'])('%s takes the place of the true ones', (address) => {
  const plan: DnsPlan = { delayMs: 0 };
  expect(applyFault(wrongAddress, { address }, { plan, transport: 'udp' })).toBe(`answer with ${address}`);
  expect(plan.answer).toEqual({ rcode: 'NOERROR', addresses: [address] });
});

test('left to itself it leads to nobody (RFC 5737)', () => {
  const plan: DnsPlan = { delayMs: 0 };
  applyFault(wrongAddress, {}, { plan, transport: 'udp' });
  expect(plan.answer).toMatchObject({ addresses: [expect.stringMatching(/^192\.0\.2\./)] });
});

test('the first of two stays', () => {
  const plan: DnsPlan = { delayMs: 0 };
  applyFault(wrongAddress, { address: '127.0.0.2' }, { plan, transport: 'udp' });
  applyFault(wrongAddress, { address: '127.0.0.3' }, { plan, transport: 'udp' });
  expect(plan.answer).toMatchObject({ addresses: ['127.0.0.2'] });
});

test.each(['localhost', '127.0.0.256', '::g', '10.0.0.0/8'])('%s is no address', (address) =>
  expect(complaintsOf(wrongAddress, { address })).toEqual(['address: Write an IPv4 or IPv6 address.']),
);
