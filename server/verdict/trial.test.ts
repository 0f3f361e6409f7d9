import { describe, expect, test } from 'vitest';
import { Journal } from '../journal.ts';
import { backoff } from './checks/backoff.ts';
import { connectionReuse } from './checks/connection-reuse.ts';
import { heartbeatInterval } from './checks/heartbeat-interval.ts';
import { pollInterval } from './checks/poll-interval.ts';
import { recoversWithin } from './checks/recovers-within.ts';
import { judge } from './judge.ts';
import { checks } from './table.ts';
import { answers, asks, ends, hurries, judgeBy, opens, resets, type Step, TASKS } from './testing.ts';

/** A step under a manual clock, and the real time at which it happened. */
type RealStep = readonly [realMs: number, step: Step];

const advance = (realMs: number, laneMs: number, ms: number): RealStep => [
  realMs,
  [laneMs, { type: 'clock.advanced', ms }],
];
const at = (realMs: number, ...steps: readonly Step[]): readonly RealStep[] => steps.map((step) => [realMs, step]);

/** What some checks find under a manual clock. */
function findByHand(expected: Record<string, object>, ...steps: readonly RealStep[]) {
  let [now, real] = [0, 0];
  const journal = new Journal(
    () => now,
    100_000,
    () => real,
  );
  journal.append({ type: 'scenario.loaded', name: 'story', seed: 1, faults: 0 });
  for (const [realMs, [laneMs, entry]] of steps) {
    [now, real] = [laneMs, realMs];
    journal.append({ ...entry });
  }
  const expect = checks
    .filter(({ name }) => name in expected)
    .map((check) => check.bind(check.params.parse(expected[check.name])));
  return judge(journal, { scenario: 'story', seed: 1, expect }).report;
}

/** A connection is cut amid a call, and the client comes back, `realMs` and `laneMs` later. */
const comesBack = (realMs: number, laneMs: number): readonly RealStep[] => [
  ...at(0, ...opens(0, 1), asks(0, 1, 1), resets(0, 1, 1)),
  ...(laneMs === 0 ? [] : [advance(realMs, 0, laneMs)]),
  ...at(realMs, ...opens(laneMs, 2), asks(laneMs, 2, 1), answers(laneMs, 2, 1)),
];

describe('a manual clock that the admin API advances', () => {
  test.each([
    ['neither clock saw a wait', 3, 0, 'fail'],
    ['both clocks saw a wait', 150, 1_000, 'pass'],
    ['the clock was advanced while a hasty client came back', 3, 1_000, 'inconclusive'],
    ['the clock was not advanced while a good client waited', 150, 0, 'inconclusive'],
  ] as const)('%s: %i ms really, %i ms of the lane: backoff is %s', (_what, realMs, laneMs, outcome) => {
    const [result] = findByHand({ backoff: {} }, advance(0, 0, 0), ...comesBack(realMs, laneMs)).checks;
    expect(result?.outcome).toBe(outcome);
  });

  test('backoff: the real clock does not know when a FIN began, and measures nothing from it', () => {
    const requests = [{ request: 1, method: 'GET', path: '/tasks/1' }];
    const fin = ends(0, 1, { by: 'fault', how: 'fin', idleMs: 100, requests });
    const back = at(3, ...opens(1_000, 2), asks(1_000, 2, 1), answers(1_000, 2, 1));
    const steps = [...at(0, ...opens(0, 1), asks(0, 1, 1), fin), advance(3, 0, 1_000), ...back];
    const [result] = findByHand({ backoff: {} }, ...steps).checks;
    expect(result?.outcome).not.toBe('fail');
    expect(result?.clients[0]?.seen).toContain('it met no failure');
  });

  test('what the clocks do not agree on is inconclusive, and both readings are named', () => {
    const report = findByHand({ backoff: {} }, ...comesBack(3, 1_000));
    expect(report).toMatchObject({ outcome: 'inconclusive' });
    expect(report.checks[0]?.clients).toMatchObject([
      {
        outcome: 'inconclusive',
        seen:
          'by the real clock it tried again 3 ms after a failure, expected 100 ms or more (1 of 1 wait); ' +
          "by the lane's clock, which the admin API advances, it waited 1000 ms to 1000 ms after 1 failure, 1 failure in a row at most",
        hint: expect.stringContaining('clock'),
        events: expect.arrayContaining([expect.any(Number)]),
      },
    ]);
  });

  test('what happened before the first advance is read by both clocks, too', () => {
    const hasty = at(0, ...opens(0, 1), asks(0, 1, 1), resets(0, 1, 1), ...opens(0, 2), asks(0, 2, 1));
    const report = findByHand({ backoff: {} }, ...hasty, ...at(1, answers(0, 2, 1)), advance(5_000, 0, 1_000));
    expect(report.checks).toMatchObject([{ outcome: 'fail', clients: [{ finding: 'too fast' }] }]);
  });

  test('a client that one clock blames does not spoil the verdict on another', () => {
    const polls = (connection: number, realMs: number, laneMs: number) => [
      ...at(realMs, asks(laneMs, connection, 1 + laneMs, { path: `${TASKS}/cgt-${connection}` })),
      ...at(realMs, answers(laneMs, connection, 1 + laneMs)),
    ];
    const report = findByHand(
      { 'poll-interval': {} },
      ...at(0, ...opens(0, 1), ...opens(0, 2, { userAgent: 'coffee/1' })),
      ...[...polls(1, 0, 0), ...polls(2, 0, 0), ...polls(2, 10, 0)],
      ...[advance(20, 0, 1_000), ...polls(1, 30, 1_000)],
    );
    expect(report.checks).toMatchObject([
      { outcome: 'fail', clients: [{ outcome: 'inconclusive' }, { outcome: 'fail', finding: 'too often' }] },
    ]);
  });

  test('an interval of polls and a deadline are read both ways', () => {
    const path = `${TASKS}/cgt-1`;
    const poll = (realMs: number, laneMs: number, request: number) =>
      at(realMs, asks(laneMs, 1, request, { path }), answers(laneMs, 1, request, { path }));
    const opened = at(0, ...opens(0, 1));
    const find = (name: string, ...steps: readonly RealStep[]) =>
      findByHand({ [name]: {} }, ...opened, ...steps).outcome;
    expect(find('poll-interval', ...poll(0, 0, 1), advance(300, 0, 1_000), ...poll(300, 1_000, 2))).toBe(
      'inconclusive',
    );
    expect(find('poll-interval', ...poll(0, 0, 1), advance(1_200, 0, 1_000), ...poll(1_200, 1_000, 2))).toBe('pass');
    const never = at(0, asks(0, 1, 1));
    const given = (realMs: number, laneMs: number) => at(realMs, resets(laneMs, 1, 1));
    expect(find('gives-up-within', ...never, advance(900, 0, 90_000), ...given(1_000, 90_000))).toBe('inconclusive');
    expect(find('gives-up-within', ...never, advance(900, 0, 1_000), ...given(1_000, 1_000))).toBe('pass');
    expect(find('gives-up-within', ...never, advance(90_000, 0, 90_000), ...given(90_000, 90_000))).toBe('fail');
  });

  test('a heartbeat rule that an advance hurried does not blame a client that sent its heartbeats', () => {
    const beat = (realMs: number): readonly RealStep[] =>
      at(realMs, [0, { type: 'heartbeat', connection: 1, source: 'ping', ageMs: 0, judgedBy: 'arrival' }]);
    const cut: readonly Step[] = [
      [31_000, { type: 'rule.applied', rule: 'heartbeat', connection: 1, did: 'reset', line: 'x' }],
      ends(31_000, 1, { by: 'rule', cause: 'heartbeat', how: 'reset' }),
    ];
    const steps = [...at(0, ...opens(0, 1), asks(0, 1, 1)), ...beat(300), ...beat(600), advance(900, 0, 31_000)];
    const [result] = findByHand({ 'heartbeat-interval': {} }, ...steps, ...at(900, ...cut)).checks;
    expect(result?.outcome).toBe('inconclusive');
  });

  test('of what was lost before the second reading began, nothing passes', () => {
    const path = `${TASKS}/cgt-1`;
    const many = Array.from({ length: 12_000 }, (_, index) =>
      at(index * 2_000, asks(index * 2_000, 1, index + 1, { path }), answers(index * 2_000, 1, index + 1, { path })),
    ).flat();
    const find = (steps: readonly RealStep[]) =>
      findByHand({ 'poll-interval': {} }, ...at(0, ...opens(0, 1)), ...steps).checks[0];
    expect(find(many)?.outcome).toBe('pass');
    expect(find([...many, advance(24_000_000, 24_000_000, 1)])).toMatchObject({
      outcome: 'inconclusive',
      doubt: expect.stringMatching(/^20000 events were lost/),
    });
  });
});

test('without the admin API a manual clock is the one that its clients wait by', () => {
  const [first, ...others] = comesBack(3, 1_000);
  const inProcess = [...(first ? [first] : []), ...others].filter(([, [, { type }]]) => type !== 'clock.advanced');
  expect(findByHand({ backoff: {} }, ...inProcess).outcome).toBe('pass');
});

describe('a clock that runs ahead', () => {
  const idle = (atMs: number, connection: number, ...requests: readonly number[]) =>
    ends(atMs, connection, {
      ...{ by: 'rule', cause: 'idle', how: 'reset' },
      requests: requests.map((request) => ({ request, method: 'GET', path: '/tasks/1' })),
    });
  const path = `${TASKS}/cgt-1`;
  const poll = (atMs: number, connection: number, request: number): readonly Step[] => [
    asks(atMs, connection, request, { path }),
    answers(atMs + 1, connection, request, { path }),
  ];
  const cutAmidCall = [...opens(0, 1), asks(0, 1, 1), idle(8_000, 1, 1), ...opens(8_001, 2), asks(8_001, 2, 1)];

  test('backoff leaves out what a rule cut too soon, and says so where nothing is left', () => {
    expect(judgeBy(backoff, {}, cutAmidCall).outcome).toBe('fail');
    expect(judgeBy(backoff, {}, [hurries(0, 20), ...cutAmidCall])).toMatchObject({
      outcome: 'inconclusive',
      clients: [{ seen: expect.stringContaining('cut 1 connection after less silence than the service allows') }],
    });
    const struck = [resets(9_000, 2, 1), ...opens(9_001, 3), asks(9_001, 3, 1)];
    expect(judgeBy(backoff, {}, [hurries(0, 20), ...cutAmidCall, ...struck]).clients).toMatchObject([
      { finding: 'too fast', figures: { waits: 1 } },
    ]);
  });

  test('poll-interval leaves out a wrong interval in which a rule cut the connection too soon', () => {
    const cut = [...opens(0, 1), ...poll(0, 1, 1), idle(8_010, 1), ...opens(12_000, 2), ...poll(12_000, 2, 1)];
    expect(judgeBy(pollInterval, {}, [hurries(0, 20), ...cut])).toMatchObject({
      outcome: 'inconclusive',
      clients: [{ seen: expect.stringContaining('after less silence than the service allows') }],
    });
    expect(judgeBy(pollInterval, {}, cut).outcome).toBe('pass');
    expect(judgeBy(pollInterval, {}, [hurries(0, 20), ...cut, ...poll(13_000, 2, 2)]).clients).toMatchObject([
      { finding: 'too often', figures: { intervals: 1 } },
    ]);
    const patient = [...opens(0, 1), ...poll(0, 1, 1), idle(8_010, 1), ...opens(20_000, 2), ...poll(20_000, 2, 1)];
    expect(judgeBy(pollInterval, {}, [hurries(0, 20), ...patient]).outcome).toBe('pass');
  });

  test('heartbeat-interval leaves out a silence that the rule ended too soon', () => {
    const cut: readonly Step[] = [
      ...opens(0, 1),
      [30_000, { type: 'rule.applied', rule: 'heartbeat', connection: 1, did: 'reset', line: 'x' }],
      ends(30_000, 1, { by: 'rule', cause: 'heartbeat', how: 'reset' }),
    ];
    expect(judgeBy(heartbeatInterval, {}, cut).clients).toMatchObject([{ finding: 'missing' }]);
    expect(judgeBy(heartbeatInterval, {}, [hurries(0, 20), ...cut])).toMatchObject({
      outcome: 'inconclusive',
      clients: [{ seen: expect.stringContaining('after less silence than the service allows') }],
    });
    // By the client's time it was silent for too long, whatever ended it.
    const silent = [...opens(0, 1), ends(700_000, 1, { by: 'rule', cause: 'idle', how: 'reset' })];
    expect(judgeBy(heartbeatInterval, {}, [hurries(0, 20), ...silent]).clients).toMatchObject([{ finding: 'missing' }]);
  });

  test('connection-reuse is inconclusive where a rule cut all connections too soon', () => {
    const lives = (connection: number): readonly Step[] => {
      const from = connection * 10_000;
      return [...opens(from, connection), ...poll(from, connection, 1), idle(from + 8_001, connection)];
    };
    const cut = Array.from({ length: 10 }, (_, index) => lives(index + 1)).flat();
    expect(judgeBy(connectionReuse, {}, [hurries(0, 20), ...cut]).clients).toMatchObject([
      { outcome: 'inconclusive', seen: expect.stringContaining('after less silence than the service allows') },
    ]);
    expect(judgeBy(connectionReuse, {}, cut).outcome).toBe('pass');
  });

  test('a client that its PINGs saved from the idle rule passes, by whatever speed the clock runs', () => {
    const ping = (atMs: number): Step => [
      atMs,
      { type: 'heartbeat', connection: 1, source: 'ping', ageMs: 0, judgedBy: 'arrival' },
    ];
    const loaded: Step = [0, { type: 'scenario.loaded', name: 'idle', seed: 1, faults: 0, idleAfterMs: 8_000 }];
    const kept = [loaded, ...opens(1, 1), ...poll(1, 1, 1), ping(6_000), ping(12_000), ...poll(13_000, 1, 2)];
    expect(judgeBy(recoversWithin, {}, [hurries(0, 20), ...kept]).outcome).toBe('pass');
  });
});
