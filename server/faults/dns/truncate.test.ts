import { expect, test } from 'vitest';
import type { DnsPlan } from '../plans.ts';
import { applyFault } from '../testing.ts';
import { truncate } from './truncate.ts';
import { wrongAddress } from './wrong-address.ts';

test('the answer is too long for UDP, whatever it is', () => {
  const plan: DnsPlan = { delayMs: 0 };
  applyFault(wrongAddress, { address: '127.0.0.2' }, { plan, transport: 'udp' });
  expect(applyFault(truncate, {}, { plan, transport: 'udp' })).toBe('say over UDP that the answer is too long');
  expect(plan).toMatchObject({ truncated: true, answer: { addresses: ['127.0.0.2'] } });
});

test('over TCP every answer fits, and the journal need not tell of it', () => {
  const plan: DnsPlan = { delayMs: 0 };
  applyFault(truncate, {}, { plan, transport: 'tcp' });
  expect(plan.truncated).toBeUndefined();
});
