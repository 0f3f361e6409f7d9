import { isIP } from 'node:net';
import { expect, test } from 'vitest';
import { ownAddresses } from './own-addresses.ts';

test('one address is reached by itself', () => {
  expect(ownAddresses('192.0.2.1')).toEqual(['192.0.2.1']);
});

test.each(['0.0.0.0', '::'])('%s is reached by every address of the machine', (host) => {
  const addresses = ownAddresses(host);

  expect(addresses).toContain('127.0.0.1');
  expect(addresses.every((address) => isIP(address))).toBe(true);
});
