import { expect, test } from 'vitest';
import { judge } from './judge.ts';
import { asks, opens, resets, type Step, tell } from './testing.ts';

/** How many connections each client has. */
const clientsOf = (...steps: readonly Step[]) =>
  judge(tell(steps), { scenario: 'story', seed: 1, expect: [] }).report.clients.map(({ connections }) => connections);

/** A connection and the request that names its client. */
const asksOn = (atMs: number, connection: number, more: Parameters<typeof opens>[2] = {}): readonly Step[] => [
  ...opens(atMs, connection, more),
  asks(atMs, connection, 1),
];

test('one fingerprint and user agent is one client', () => {
  expect(clientsOf(...asksOn(0, 1), ...asksOn(1, 2))).toEqual([2]);
});

test('another user agent, or another TLS library, is another', () => {
  expect(clientsOf(...asksOn(0, 1), ...asksOn(1, 2, { userAgent: 'milk/1' }))).toEqual([1, 1]);
  expect(clientsOf(...asksOn(0, 1), ...asksOn(1, 2, { ja4: 't13d2_a_c' }))).toEqual([1, 1]);
});

test('a client that falls back from h2 stays the same', () => {
  expect(clientsOf(...asksOn(0, 1, { ja4: 't13d1516h2_a_b' }), ...asksOn(1, 2, { ja4: 't13d1516h1_a_b' }))).toEqual([
    2,
  ]);
});

test('a client that calls the server by an address, and so without SNI, stays the same', () => {
  const [byName, byAddress] = [{ ja4: 't13d5212h2_a_b' }, { ja4: 't13i5211h2_a_b' }];
  expect(clientsOf(...asksOn(0, 1, byName), ...asksOn(1, 2, byAddress))).toEqual([2]);
  expect(clientsOf(...asksOn(0, 1, byName), ...asksOn(1, 2, { ja4: 't13i5212h2_a_b' }))).toEqual([1, 1]);
});

test('a connection that ended before it told all belongs to the one client that fits', () => {
  const cutAtAccept = opens(5, 3).slice(0, 1);
  const cutAtHello = opens(6, 4).slice(0, 2);
  expect(clientsOf(...asksOn(0, 1), ...cutAtAccept, resets(6, 3), ...cutAtHello, resets(7, 4))).toEqual([3]);
});

test('where several would fit, it is told apart', () => {
  const cutAtAccept = opens(5, 3).slice(0, 1);
  expect(clientsOf(...asksOn(0, 1), ...asksOn(1, 2, { userAgent: 'milk/1' }), ...cutAtAccept)).toEqual([1, 1]);
});
