import { describe, expect, test } from 'vitest';
import { answers, asks, ends, findingsOf, judgeBy, opens, resets, type Step } from '../testing.ts';
import { poolSize } from './pool-size.ts';

type Opening = Parameters<typeof opens>[2];

/** So many connections, all open from the start. */
const opensMany = (count: number, more: Opening = {}, first = 1): readonly Step[] =>
  Array.from({ length: count }, (_, index) => opens(index, first + index, more)).flat();
const find = (params: object, steps: readonly Step[]) => findingsOf(poolSize, params, steps);
const goesAway = (atMs: number, connection: number): Step => [atMs, { type: 'goaway.sent', connection, code: 0 }];

test('as many as the limit are fine, one more is not', () => {
  expect(find({}, opensMany(8))).toEqual(['pass']);
  expect(find({}, opensMany(9))).toEqual(['too large']);
  expect(find({ h2: 9 }, opensMany(9))).toEqual(['pass']);
});

test('each protocol has a limit of its own, and one that is not named has none', () => {
  const http1 = opensMany(16, { protocol: 'http/1.1' }, 100);
  expect(find({}, [...opensMany(8), ...http1])).toEqual(['pass']);
  expect(find({ h2: 8 }, [...opensMany(8), ...http1])).toEqual(['pass']);
  expect(judgeBy(poolSize, { 'http/1.1': 15 }, [...opensMany(20), ...http1]).clients).toMatchObject([
    {
      finding: 'too large',
      seen: 'connections at a time: 20 of h2 to localhost, 16 of http/1.1 to localhost',
      eventCount: 16,
      figures: { 'h2 to localhost': 20, 'http/1.1 to localhost': 16 },
    },
  ]);
});

test('so has each host', () =>
  expect(find({ h2: 2 }, [...opensMany(2), ...opensMany(2, { serverName: 'other.localhost' }, 10)])).toEqual(['pass']));

test('one on which nothing passes may have been replaced: its end could not arrive', () => {
  const frozen: Step = [2, { type: 'connection.frozen', connection: 1, forMs: 60_000, by: 'fault' }];
  expect(find({ h2: 1 }, [...opens(1, 1), frozen, ...opens(3, 2)])).toEqual(['pass']);
  expect(find({ h2: 1 }, [...opens(1, 1), frozen, ...opens(3, 2), ...opens(4, 3)])).toEqual(['too large']);
});

test('one that was frozen for a moment is open, and the most that were open at a time count', () => {
  const frozen = (connection: number, forMs: number): Step => [
    2,
    { type: 'connection.frozen', connection, forMs, by: 'fault' },
  ];
  expect(find({ h2: 1 }, [...opens(1, 1), frozen(1, 1), ...opens(5, 2)])).toEqual(['too large']);
  expect(find({ all: 1 }, [...opens(1, 1), frozen(1, 60_000), ...opens(5, 2)])).toEqual(['pass']);
  const both = [...opens(1, 1), ...opens(1, 2), frozen(1, 60_000), frozen(2, 60_000), ...opens(5, 3)];
  expect(judgeBy(poolSize, {}, both).clients).toMatchObject([{ figures: { 'h2 to localhost': 2 } }]);
  // The first time that most were open proves it.
  const first = [...opens(1, 1), frozen(1, 60_000), ...opens(5, 2)];
  expect(judgeBy(poolSize, {}, first).clients).toMatchObject([{ events: [2], figures: { 'h2 to localhost': 1 } }]);
});

test('one whose opening the journal does not know tells nothing', () =>
  expect(find({}, opens(0, 1).slice(1))).toEqual(['inconclusive']));

test('the report says what was expected', () => {
  const expected = (params: object) => poolSize.bind(poolSize.params.parse(params)).expected;
  const most = 'at a time and host at most';
  expect(expected({ h2: 8, 'http/1.1': 1 })).toBe(`${most} 8 connections of h2 and 1 connection of http/1.1`);
  expect(expected({ all: 4 })).toBe(`${most} 4 connections`);
});

test('what may be several programs fails only if one of them does by itself', () => {
  const turns = [asks(1, 1, 1), answers(2, 1, 1), asks(3, 2, 1), answers(4, 2, 1), asks(5, 1, 2), answers(6, 1, 2)];
  expect(find({ h2: 2 }, [...opensMany(3), ...turns])).toEqual(['inconclusive']);
});

test('one that has ended makes room for the next', () => {
  const inTurn = [1, 2, 3].flatMap((id) => [...opens(id, id), id === 2 ? resets(id, id) : ends(id, id)]);
  expect(find({ h2: 1 }, inTurn)).toEqual(['pass']);
  expect(find({ h2: 1 }, [...opens(1, 1), ...opens(2, 2), ends(3, 1), ends(3, 2)])).toEqual(['too large']);
});

test('one that was sent a GOAWAY is replaced before its last answers are in', () => {
  expect(find({ h2: 1 }, [...opens(0, 1), goesAway(5, 1), ...opens(6, 2), ends(9, 1)])).toEqual(['pass']);
  expect(find({ h2: 1 }, [...opens(0, 1), ...opens(5, 2), goesAway(6, 1), ends(9, 1)])).toEqual(['too large']);
});

test('one that never finished its handshake does not count, and tells nothing alone', () => {
  const cut = (id: number) => [...opens(0, id).slice(0, 2), resets(1, id)];
  expect(find({ h2: 1 }, [...opens(0, 1), ...cut(2), ...cut(3)])).toEqual(['pass']);
  expect(find({ h2: 1 }, cut(1))).toEqual(['inconclusive']);
});

test('two clients do not share a pool', () =>
  expect(find({ h2: 1 }, [...opens(0, 1), ...opens(0, 2, { userAgent: 'milk/1' })])).toEqual(['pass', 'pass']));

describe('`all`', () => {
  const waits = (id: number): Step => [1, { type: 'connection.hung', connection: id, by: 'fault' }];
  const waiting = (id: number): readonly Step[] => [...opens(0, id).slice(0, 1), waits(id)];

  test('counts the connections of every protocol', () => {
    const both = [...opensMany(2), ...opensMany(2, { protocol: 'http/1.1' }, 10)];
    expect(find({ all: 4 }, both)).toEqual(['pass']);
    expect(find({ all: 3 }, both)).toEqual(['too large']);
  });

  test('and those that the service leaves waiting', () => {
    const steps = [...opens(0, 1), asks(0, 1, 1), ...waiting(2), ...waiting(3)];
    expect(judgeBy(poolSize, { all: 2 }, steps).clients).toMatchObject([
      { finding: 'too large', seen: 'connections at a time: 3 in all, 1 of h2 to localhost' },
    ]);
    expect(find({ all: 2 }, [...steps.slice(0, -2), ends(2, 2), ...waiting(3)])).toEqual(['pass']);
    const frozen: Step = [0, { type: 'connection.frozen', connection: 1, forMs: 60_000, by: 'fault' }];
    expect(find({ all: 1 }, [...opens(0, 1), frozen, ...waiting(2)])).toEqual(['pass']);
  });
});

test('of hundreds of pools each is measured, though not all are listed', () => {
  const small = Array.from({ length: 150 }, (_, n) => opens(n, n + 1, { serverName: `host-${n}` })).flat();
  const large = [201, 202].flatMap((id) => opens(id, id, { serverName: 'last' }));
  expect(find({ h2: 1 }, small)).toEqual(['pass']);
  const [found] = judgeBy(poolSize, { h2: 1 }, [...small, ...large]).clients;
  expect(found).toMatchObject({ finding: 'too large', seen: 'connections at a time: 2 of h2 to last' });
});

test('the report names three pools, and how many more there are', () => {
  const hosts = (count: number) =>
    Array.from({ length: count }, (_, n) => opens(n, n + 1, { serverName: `host-${n}` })).flat();
  const seen = (count: number) => judgeBy(poolSize, {}, hosts(count)).clients[0]?.seen;
  expect(seen(3)).toMatch(/1 of h2 to host-2$/);
  expect(seen(4)).toMatch(/1 of h2 to host-2 and 1 more$/);
});
