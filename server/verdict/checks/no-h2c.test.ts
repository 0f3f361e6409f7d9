import { expect, test } from 'vitest';
import { answers, asks, ends, findingsOf, judgeBy, opens, type Step } from '../testing.ts';
import { noH2c } from './no-h2c.ts';

/** A connection that the service cut by a rule. */
const cutBy = (rule: string, connection: number, before: readonly Step[]): readonly Step[] => [
  ...before,
  [1, { type: 'rule.applied', rule, connection, did: 'reset', line: rule }],
  ends(1, connection, { by: 'rule', how: 'reset' }),
];
const opened = (connection: number) => opens(0, connection).slice(0, 1);
const find = (steps: readonly Step[]) => findingsOf(noH2c, {}, steps);

test('TLS with h2 is no h2c', () => expect(find([...opens(0, 1), asks(1, 1, 1)])).toEqual(['pass']));

test('a preface or an Upgrade is h2c, in clear text and inside TLS', () => {
  expect(find(cutBy('h2c', 1, opened(1)))).toEqual(['h2c']);
  expect(find(cutBy('h2c', 1, opens(0, 1)))).toEqual(['h2c']);
});

test('so is its name in an ALPN list', () => expect(find(opens(0, 1, { alpn: ['h2', 'h2c'] }))).toEqual(['h2c']));

test('a connection that tries it in two ways is one', () =>
  expect(
    judgeBy(noH2c, {}, [...opens(0, 1), ...cutBy('h2c', 2, opens(0, 2, { alpn: ['h2c'] }))]).clients,
  ).toMatchObject([{ finding: 'h2c', seen: 'tried h2c on 1 of 2 connections', eventCount: 2 }]));

test('HTTP/1.1 in clear text is no h2c', () =>
  expect(find([...opens(0, 1), ...cutBy('cleartext', 2, opened(2))])).toEqual(['pass']));

test('a client that connects and says nothing proves nothing', () =>
  expect(find([...opened(1), ends(5, 1)])).toEqual(['inconclusive']));

test("another client's h2c is not this one's", () =>
  expect(find([...opens(0, 1), ...cutBy('h2c', 2, opens(0, 2, { userAgent: 'milk/1' }))])).toEqual(['pass', 'h2c']));

test('a connection from before the run is known by its answer, or tells nothing', () => {
  expect(find([asks(1, 1, 1), answers(2, 1, 1)])).toEqual(['pass']);
  expect(find([asks(1, 1, 1)])).toEqual(['inconclusive']);
});

test('one without a ClientHello, as where the service has no TLS, is known by its opening', () =>
  expect(judgeBy(noH2c, {}, [...opened(1), asks(1, 1, 1)]).clients).toMatchObject([{ outcome: 'pass', events: [2] }]));

test('its ClientHello alone proves that it was heard', () =>
  expect(judgeBy(noH2c, {}, [...opens(0, 1), asks(1, 1, 1)]).clients).toMatchObject([
    { outcome: 'pass', events: [3], eventCount: 1 },
  ]));
