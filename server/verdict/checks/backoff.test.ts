import { describe, expect, test } from 'vitest';
import { answers, asks, judgeBy, opens, resets, type Step } from '../testing.ts';
import { backoff } from './backoff.ts';

/** A call that is cut, and tried again after each of these waits; the last attempt is answered. */
function cutAndWait(waits: readonly number[], { from = 0, connection = 1, path = '/tasks/1' } = {}): readonly Step[] {
  let at = from;
  const steps: Step[] = [];
  for (const [index, wait] of [0, ...waits].entries()) {
    at += wait;
    const own = connection + index;
    steps.push(...opens(at, own), asks(at, own, 1, { path }));
    steps.push(index === waits.length ? answers(at, own, 1) : resets(at, own, 1));
  }
  return steps;
}

const judge = (steps: readonly Step[], params = {}) => judgeBy(backoff, params, steps);

test.each([
  ['each wait is long enough, and longer than the one before', [150, 230, 410, 820], 'pass', undefined],
  ['it comes back at once', [3], 'fail', 'too fast'],
  ['the second wait is as short as the first', [150, 150], 'fail', 'no growth'],
  ['the fifth wait is too short', [100, 200, 400, 800, 900], 'fail', 'too fast'],
  ['a wait is longer than any may be', [31_500], 'fail', 'over the cap'],
  ['the first wait is long', [5_000], 'fail', 'too slow'],
] as const)('%s: %j', (_what, waits, outcome, finding) => {
  const { outcome: judged, clients } = judge(cutAndWait(waits));
  expect({ outcome: judged, finding: clients[0]?.finding }).toEqual({ outcome, finding });
});

test('the cap holds for the tenth wait too', () => {
  const waits = [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_050];
  expect(judge(cutAndWait(waits))).toMatchObject({ outcome: 'pass' });
});

test('a call that succeeded starts the waits over', () => {
  const again = cutAndWait([120], { from: 10_000, connection: 5, path: '/tasks/2' });
  expect(judge([...cutAndWait([130, 260]), ...again])).toMatchObject({ outcome: 'pass' });
});

test('five first waits that are all the same have no jitter; where none is expected, that is good', () => {
  const steps = [1, 2, 3, 4, 5].flatMap((n) =>
    cutAndWait([150], { from: n * 10_000, connection: n * 10, path: `/tasks/${n}` }),
  );
  expect(judge(steps)).toMatchObject({ outcome: 'fail', clients: [{ finding: 'no jitter' }] });
  expect(judge(steps, { base: '150ms', jitter: '0ms' })).toMatchObject({ outcome: 'pass' });
});

test('connections that die before their first request count in a row', () => {
  const dies = (at: number, connection: number): readonly Step[] => [
    ...opens(at, connection).slice(0, 2),
    resets(at, connection),
  ];
  expect(judge([...dies(0, 1), ...dies(120, 2), ...dies(350, 3), ...opens(760, 4), asks(760, 4, 1)])).toMatchObject({
    outcome: 'pass',
    clients: [{ figures: { waits: 3, shortestMs: 120, longestMs: 410 } }],
  });
  expect(judge([...dies(0, 1), ...dies(120, 2), ...dies(240, 3)])).toMatchObject({
    clients: [{ finding: 'no growth' }],
  });
});

describe('what is no comeback', () => {
  test('another call of a pool that still has a connection', () => {
    const steps = [
      ...opens(0, 1),
      ...opens(0, 2),
      asks(0, 1, 1),
      resets(10, 1, 1),
      asks(12, 2, 1, { path: '/tasks/9' }),
    ];
    expect(judge([...steps, asks(150, 2, 2), answers(160, 2, 2)])).toMatchObject({
      outcome: 'pass',
      clients: [{ figures: { waits: 1, shortestMs: 140 } }],
    });
  });

  test('the end of an idle connection', () =>
    expect(
      judge([...opens(0, 1), asks(0, 1, 1), answers(5, 1, 1), resets(8_000, 1), ...opens(8_001, 2)]),
    ).toMatchObject({
      outcome: 'inconclusive',
    }));

  test('what a client ended itself', () => {
    const [at, ended] = resets(10, 1, 1);
    const steps: readonly Step[] = [
      ...opens(0, 1),
      asks(0, 1, 1),
      [at, { ...ended, by: 'client' } as typeof ended],
      ...opens(11, 2),
      asks(11, 2, 1),
    ];
    expect(judge(steps)).toMatchObject({ outcome: 'inconclusive' });
  });
});

test("waits are the client's: where time runs 20 times as fast, 2 s of the lane are 100 ms of its", () => {
  const faster: Step = [0, { type: 'clock.changed', mode: 'real', speed: 20 }];
  expect(judge([faster, ...cutAndWait([2_000])])).toMatchObject({
    outcome: 'pass',
    clients: [{ figures: { shortestMs: 100 } }],
  });
  expect(judge([faster, ...cutAndWait([150])])).toMatchObject({ clients: [{ finding: 'too fast' }] });
});

test('a cap below the first wait is refused: no client could keep to both', () => {
  const allows = (params: object) => backoff.params.safeParse(params).success;
  expect([{ base: '5s', max: '1s' }, { max: '50ms' }, { base: '1s', max: '1s' }].map(allows)).toEqual([
    false,
    false,
    true,
  ]);
});
