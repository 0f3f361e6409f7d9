import { expect, test } from 'vitest';
import { answers, asks, ends, findingsOf, hurries, judgeAfterLoss, judgeBy, opens, type Step } from '../testing.ts';
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

/** A connection that serves so many requests, and ends. */
const lives = (connection: number, requests: number, end: Parameters<typeof ends>[2] = {}): readonly Step[] => [
  ...opens(connection * 100, connection),
  ...Array.from({ length: requests }, (_, request) => request + 1).flatMap((request) => [
    asks(connection * 100, connection, request),
    answers(connection * 100 + 1, connection, request),
  ]),
  ends(connection * 100 + 50, connection, end),
];
const goesAway = (connection: number): Step => [connection * 100 + 10, { type: 'goaway.sent', connection, code: 0 }];
const CUT = { by: 'fault', how: 'reset' } as const;
const HURRIED = { by: 'rule', how: 'reset', cause: 'idle' } as const;
const clientOf = (...steps: readonly (readonly Step[])[]) => judgeBy(connectionReuse, {}, steps.flat()).clients[0];

test('a connection that the service ended is replaced once, however it was ended', () => {
  const rest = [...lives(2, 1), ...lives(3, 1), ...lives(4, 2)];
  const first = lives(1, 1);
  const drained = [...first.slice(0, -1), goesAway(1), goesAway(1), ...first.slice(-1)];
  const drainedAndCut = [...first.slice(0, -1), goesAway(1), ...lives(1, 1, CUT).slice(-1)];
  for (const one of [drained, drainedAndCut, lives(1, 1, CUT)])
    expect(clientOf(one, rest)).toMatchObject({
      finding: 'too many connections',
      seen: expect.stringContaining('of 5 requests, 1 connection that the service ended aside, 80.0 connections'),
      figures: { replaced: 1, reuse: 0.25 },
    });
});

test('a connection that carried nothing needs no replacement, whatever ended it', () => {
  const own = [1, 2, 3, 4, 5].map((id) => lives(id, 1));
  const empty = [6, 7, 8, 9].map((id) => lives(id, 0, CUT));
  expect(clientOf(...own, ...empty)).toMatchObject({ finding: 'too many connections', figures: { replaced: 0 } });
});

test('a single connection that nothing replaced has its first request', () =>
  expect(clientOf(serves(10))).toMatchObject({ outcome: 'pass', figures: { reuse: 0.9 } }));

test('what a rule cut too soon excuses no other connection, nor does it hide what was reused', () => {
  const fast = [hurries(0, 20)];
  const own = [2, 3, 4, 5].map((id) => lives(id, 1));
  expect(clientOf(fast, lives(1, 1, HURRIED), ...own)).toMatchObject({ finding: 'too many connections' });
  expect(clientOf(fast, lives(1, 5, HURRIED), lives(2, 1))).toMatchObject({ outcome: 'pass' });
  const cut = [2, 3, 4, 5, 6].map((id) => lives(id, 1, CUT));
  expect(clientOf(fast, lives(1, 0, HURRIED), ...cut)).toMatchObject({ outcome: 'pass' });
});

test('after a loss of events a connection may have been ended by the service', () =>
  expect(
    judgeAfterLoss(
      connectionReuse,
      {},
      [1, 2, 3, 4, 5].flatMap((id) => lives(id, 1)),
    ),
  ).toBe('inconclusive'));
