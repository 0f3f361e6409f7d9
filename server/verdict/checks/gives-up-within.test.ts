import { describe, expect, test } from 'vitest';
import { answers, asks, findingsOf, judgeBy, opens, type Step, triesToCreate } from '../testing.ts';
import { givesUpWithin } from './gives-up-within.ts';

const find = (...steps: readonly Step[]) => findingsOf(givesUpWithin, {}, [...opens(0, 1), ...steps]);
/** Attempts at one call at these moments, each refused. */
const tries = (...moments: readonly number[]): readonly Step[] =>
  moments.flatMap((at, index) => [asks(at, 1, index + 1), answers(at + 10, 1, index + 1, { status: 503 })]);
const now = (at: number): Step => [at, { type: 'listener.opened' }];

test('a call that fails is given up within a minute', () => {
  expect(find(...tries(0, 30_000, 59_000))).toEqual(['pass']);
  expect(find(...tries(0, 30_000, 40_000, 61_000))).toEqual(['no deadline']);
});

describe('equal requests with long pauses between them', () => {
  const judged = (...steps: readonly Step[]) => judgeBy(givesUpWithin, {}, [...opens(0, 1), ...steps]).clients;

  test('are one call, or several jobs', () => {
    for (const more of [[], [now(300_000)]])
      expect(judged(...tries(0, 31_000, 62_000), ...more)).toMatchObject([
        {
          outcome: 'inconclusive',
          doubtful: true,
          seen: 'went on for 62.0 s with GET /tasks/1, with pauses of over 30.0 s: one call, or several jobs',
        },
      ]);
    expect(judged(...tries(0, 30_010, 60_010))).toMatchObject([{ finding: 'no deadline' }]);
    expect(judged(...tries(0, 30_011, 60_022))).toMatchObject([{ doubtful: true }]);
  });

  test('are blamed for a row that is too long by itself, before or after a pause', () => {
    const row = [0, 20_000, 40_000, 61_000];
    expect(judged(...tries(...row, 100_000))).toMatchObject([
      { finding: 'no deadline', seen: expect.stringContaining('61.0 s') },
    ]);
    expect(judged(...tries(0, ...row.map((at) => at + 40_000)))).toMatchObject([{ finding: 'no deadline' }]);
  });

  test('are one call where an id joins them, and where the service asked for the pause', () => {
    const keyed = tries(0, 31_000, 62_000).map(
      ([at, entry]): Step => [at, entry.type === 'request.received' ? { ...entry, clientRequestId: 'one' } : entry],
    );
    expect(judged(...keyed)).toMatchObject([{ finding: 'no deadline' }]);
    const asked = tries(0, 31_000, 62_000).map(
      ([at, entry]): Step => [at, entry.type === 'response.sent' ? { ...entry, retryAfterMs: 10_000 } : entry],
    );
    expect(judged(...asked)).toMatchObject([{ finding: 'no deadline' }]);
  });
});

test('one that gets through has no need to be', () =>
  expect(find(...tries(0, 30_000, 61_000), asks(70_000, 1, 9), answers(70_001, 1, 9))).toEqual(['inconclusive']));

test('one that waits for an answer is given up as well', () => {
  expect(find(asks(0, 1, 1), now(59_000))).toEqual(['inconclusive']);
  expect(find(asks(0, 1, 1), now(61_000))).toEqual(['no deadline']);
});

test('a client that leaves a call which a fault withheld has a deadline', () => {
  const struck: Step = [
    1,
    { type: 'fault.injected', fault: 'f', hook: 'request', ordinal: 1, did: 'hang', connection: 1, request: 1 },
  ];
  const leaves = (at: number): Step => [at, { type: 'stream.reset', connection: 1, request: 1, stream: 1, code: 8 }];
  expect(find(asks(0, 1, 1), struck, leaves(5_000))).toEqual(['pass']);
  expect(find(asks(0, 1, 1), struck, leaves(65_000))).toEqual(['no deadline']);
  expect(find(asks(0, 1, 1), leaves(5_000))).toEqual(['inconclusive']);
});

test('it names the worst', () =>
  expect(judgeBy(givesUpWithin, { within: '1s' }, [...opens(0, 1), ...tries(0, 2_000)]).clients).toMatchObject([
    { seen: 'went on for 2.0 s with GET /tasks/1 (1 of 1 call)', figures: { failed: 1, longestMs: 2_010 } },
  ]));

test('what takes as long as it may is in time, to the millisecond', () => {
  expect(find(...tries(0, 30_000, 59_990))).toEqual(['pass']);
  expect(find(...tries(0, 30_000, 59_991))).toEqual(['no deadline']);
  expect(find(...tries(0), asks(30_000, 1, 2), now(60_000))).toEqual(['inconclusive']);
  expect(find(...tries(0), asks(30_000, 1, 2), now(60_001))).toEqual(['no deadline']);
});

test('one that a client leaves in time while nothing is wrong was not given up', () => {
  const leaves = (at: number): Step => [at, { type: 'stream.reset', connection: 1, request: 1, stream: 1, code: 8 }];
  expect(find(asks(0, 1, 1), leaves(60_000))).toEqual(['inconclusive']);
});

test('the time that goes by after the last attempt does not count', () =>
  expect(find(...tries(0, 30_000), now(100_000))).toEqual(['pass']));

test('its first request proves one that goes on, and its end one that is over', () => {
  const proofs = (...steps: readonly Step[]) =>
    judgeBy(givesUpWithin, { within: '1s' }, [...opens(0, 1), ...steps]).clients[0]?.events;
  expect(proofs(asks(0, 1, 1), now(2_000))).toEqual([6]);
  expect(proofs(...tries(0, 2_000))).toEqual([6, 9]);
});

test('creates that differ in seed or mark alone may be attempts at one', () => {
  const creates = (count: number) => Array.from({ length: count }, (_, n) => triesToCreate(10_000 * n, n)).flat();
  expect(judgeBy(givesUpWithin, {}, [...opens(0, 1), ...creates(8)]).clients).toMatchObject([
    { outcome: 'inconclusive', doubtful: true, seen: expect.stringMatching(/^sent creates for 70.0 s that differ/) },
  ]);
  expect(findingsOf(givesUpWithin, {}, [...opens(0, 1), ...creates(6)])).toEqual(['pass']);
  expect(findingsOf(givesUpWithin, { within: '50005ms' }, [...opens(0, 1), ...creates(6)])).toEqual(['pass']);
  expect(findingsOf(givesUpWithin, { within: '50004ms' }, [...opens(0, 1), ...creates(6)])).toEqual(['inconclusive']);
});
