import { expect, test } from 'vitest';
import { isReceiver, readNetwork } from './receiver.ts';

test.each([
  'hooks.example.com',
  '*.example.com',
  'receiver',
  '203.0.113.7',
  '203.0.113.0/24',
  '0.0.0.0/0',
  '2001:db8::/32',
  '::1',
])('%s is a receiver', (text) => expect(isReceiver(text)).toBe(true));

test.each([
  '',
  '*',
  'https://example.com',
  'example.com:443',
  'a..b',
  '*.*.com',
  '203.0.113.256',
  '203.0.113.0/33',
  '203.0.113.0/',
  '203.0.113.0/8/8',
  '2001:db8::/129',
])('%j is none', (text) => expect(isReceiver(text)).toBe(false));

test('an address is a network of one', () =>
  expect(readNetwork('::1')).toEqual({ address: '::1', prefix: 128, family: 'ipv6' }));
