import { expect, test } from 'vitest';
import { answers, asks, ends, findingsOf, judgeBy, opens, type Step } from '../testing.ts';
import { connectionReuse } from './connection-reuse.ts';

/** Connections that each serve so many requests. */
const serves = (...requests: readonly number[]): readonly Step[] =>
  requests.flatMap((count, index) => [
    ...opens(0, index + 1),
    ...Array.from({ length: count }, (_, request) => asks(1, index + 1, request + 1)),
  ]);
const find = (steps: readonly Step[], params = {}) => findingsOf(connectionReuse, params, steps);

test.each([
  ['ten requests on one connection', [10], 'pass'],
  ['ten requests on two: just enough', [5, 5], 'pass'],
  ['ten requests on three', [4, 3, 3], 'too many connections'],
  ['a connection for each request', [1, 1, 1, 1, 1], 'too many connections'],
  ['a connection that carried nothing counts for nothing', [10, 0, 0, 0], 'pass'],
  ['four requests are too few', [1, 1, 1, 1], 'inconclusive'],
  ['no request is too few', [0], 'inconclusive'],
] as const)('%s: %j', (_what, requests, finding) => expect(find(serves(...requests))).toEqual([finding]));

test('it tells the share, and the connections that 100 requests take', () =>
  expect(judgeBy(connectionReuse, {}, serves(6, 2)).clients).toMatchObject([
    {
      seen: 'reused a connection for 75 % of 8 requests, 25.0 connections per 100 requests',
      figures: { requests: 8, connections: 2, reuse: 0.75, per100: 25 },
    },
  ]));

test('a share that falls short never looks as if it did not', () => {
  const [client] = judgeBy(connectionReuse, { atLeast: 0.67 }, serves(1, 1, 4)).clients;
  expect(client).toMatchObject({ outcome: 'fail', seen: expect.stringContaining('for 50 % of 6') });
  // 2,999 of 3,750 are 0.7997.
  const [close] = judgeBy(connectionReuse, {}, serves(...Array<number>(751).fill(4), 746)).clients;
  expect(close).toMatchObject({ outcome: 'fail', seen: expect.stringContaining('for 79.9 % of 3750') });
});

test('a request on a connection older than the scenario may be its second', () =>
  expect(find([2, 3, 4, 5, 6].map((request) => asks(1, 1, request)))).toEqual(['pass']));

test('two clients are judged apart', () => {
  const other = { userAgent: 'milk/1' };
  const wasteful = [11, 12, 13, 14, 15].flatMap((id) => [...opens(0, id, other), asks(1, id, 1)]);
  expect(find([...serves(20), ...wasteful])).toEqual(['pass', 'too many connections']);
});

test.each([
  ['a rule', { by: 'rule', how: 'reset' }],
  ['a fault', { by: 'fault', how: 'reset' }],
  ['the admin API', { by: 'admin', how: 'fin' }],
  ['a shutdown', { by: 'shutdown', how: 'goaway' }],
  ['the network', { by: 'network', how: 'error' }],
] as const)('a connection that %s ended has to be replaced', (_what, end) => {
  const steps = [1, 2, 3, 4, 5, 6].flatMap((connection) => [
    ...opens(connection * 10, connection),
    ...[1, 2].flatMap((request) => [
      asks(connection * 10 + request, connection, request),
      answers(connection * 10 + request, connection, request),
    ]),
    ends(connection * 10 + 5, connection, end),
  ]);
  expect(judgeBy(connectionReuse, {}, steps).clients).toMatchObject([
    { outcome: 'pass', figures: { requests: 12, replaced: 5 } },
  ]);
  const own = steps.map(([at, entry]) =>
    entry.type === 'connection.ended' ? ends(at, entry.connection) : [at, entry],
  );
  expect(judgeBy(connectionReuse, {}, own as Step[]).clients).toMatchObject([{ finding: 'too many connections' }]);
});

test('a connection that was sent a GOAWAY for each request has to be replaced each time', () => {
  const steps = [1, 2, 3, 4, 5, 6].flatMap((connection): readonly Step[] => [
    ...opens(connection * 10, connection),
    asks(connection * 10, connection, 1),
    [connection * 10, { type: 'goaway.sent', connection, code: 0 }],
    answers(connection * 10 + 1, connection, 1),
    ends(connection * 10 + 2, connection),
  ]);
  expect(judgeBy(connectionReuse, {}, steps).clients).toMatchObject([{ outcome: 'pass' }]);
});
