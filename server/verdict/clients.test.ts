import { expect, test } from 'vitest';
import { gatherEvidence } from './evidence.ts';
import { opens, resets, type Step, tell } from './testing.ts';

/** The connections of each client. */
const clientsOf = (...steps: readonly Step[]) =>
  gatherEvidence(tell(steps)).clients.map(({ connections }) => connections.map(({ id }) => id));

test('one fingerprint and user agent is one client', () => {
  expect(clientsOf(...opens(0, 1), ...opens(1, 2))).toEqual([[1, 2]]);
});

test('another user agent, or another TLS library, is another', () => {
  expect(clientsOf(...opens(0, 1), ...opens(1, 2, { userAgent: 'milk/1' }))).toEqual([[1], [2]]);
  expect(clientsOf(...opens(0, 1), ...opens(1, 2, { ja4: 't13d2_a_c' }))).toEqual([[1], [2]]);
});

test('a client that falls back from h2 stays the same', () => {
  expect(clientsOf(...opens(0, 1, { ja4: 't13d1516h2_a_b' }), ...opens(1, 2, { ja4: 't13d1516h1_a_b' }))).toEqual([
    [1, 2],
  ]);
});

test('a client that calls the server by an address, and so without SNI, stays the same', () => {
  const [byName, byAddress] = [{ ja4: 't13d5212h2_a_b' }, { ja4: 't13i5211h2_a_b' }];
  expect(clientsOf(...opens(0, 1, byName), ...opens(1, 2, byAddress))).toEqual([[1, 2]]);
  expect(clientsOf(...opens(0, 1, byName), ...opens(1, 2, { ja4: 't13i5212h2_a_b' }))).toEqual([[1], [2]]);
});

test('a connection that ended before it told all belongs to the one client that fits', () => {
  const cutAtAccept = opens(5, 3).slice(0, 1);
  const cutAtHello = opens(6, 4).slice(0, 2);
  expect(clientsOf(...opens(0, 1), ...cutAtAccept, ...cutAtHello, resets(7, 4))).toEqual([[1, 3, 4]]);
});

test('where several would fit, it is told apart', () => {
  const cutAtAccept = opens(5, 3).slice(0, 1);
  expect(clientsOf(...opens(0, 1), ...opens(1, 2, { userAgent: 'milk/1' }), ...cutAtAccept)).toEqual([[1], [2], [3]]);
});
