import { expect, test } from 'vitest';
import { reachableFrom } from './names.ts';

const ours = ['127.0.0.1', '10.0.0.5', '::1', '2001:db8::5'];
const near = ['127.0.0.1', '::1'];
const far = ['10.0.0.5', '2001:db8::5'];

test.each([
  ['127.0.0.1', near],
  ['127.8.8.8', near],
  ['::1', near],
  ['::ffff:127.0.0.1', near],
  ['10.0.0.9', far],
  ['::ffff:10.0.0.9', far],
  ['fe80::1%eth0', far],
])('a client at %s is shown the way that is open to it', (asker, addresses) =>
  expect(reachableFrom(asker, ours)).toEqual(addresses),
);

test('where there is no other way, the one that there is', () =>
  expect(reachableFrom('10.0.0.9', ['127.0.0.1'])).toEqual(['127.0.0.1']));
