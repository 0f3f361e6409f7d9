import { expect, test } from 'vitest';
import {
  answers,
  asks,
  brings,
  creates,
  findingsOf,
  judgeAfterLoss,
  judgeBy,
  moves,
  opens,
  resets,
  type Step,
  TASKS,
  triesToCreate,
} from '../testing.ts';
import { successRate } from './success-rate.ts';

/** So many calls that succeed, and so many that are refused for good, each for a task of its own. */
const calls = (good: number, bad: number): readonly Step[] => [
  ...opens(0, 1),
  ...Array.from({ length: good + bad }, (_, index) => [
    asks(index * 10, 1, index + 1, { path: `/tasks/${index}` }),
    answers(index * 10 + 1, 1, index + 1, { status: index < good ? 200 : 503 }),
  ]).flat(),
];

test.each([
  [10, 0, {}, 'pass'],
  [99, 1, {}, 'pass'],
  [98, 2, {}, 'fail'],
  [1, 1, { atLeast: 0.5, samples: 2 }, 'pass'],
  [4, 0, {}, 'inconclusive'],
] as const)('%i calls that succeed and %i that fail, with %j: %s', (good, bad, params, outcome) =>
  expect(judgeBy(successRate, params, calls(good, bad)).outcome).toBe(outcome),
);

test('an attempt that failed is no call that failed', () => {
  const again = [asks(1_000, 1, 10, { path: '/tasks/4' }), answers(1_001, 1, 10)];
  expect(judgeBy(successRate, {}, [...calls(4, 1), ...again]).clients).toMatchObject([
    { outcome: 'pass', figures: { calls: 5, rate: 1 } },
  ]);
});

test('an answer that asks for no retry is an answer', () => {
  const asked = [asks(1_000, 1, 10, { path: '/tasks/9' }), answers(1_001, 1, 10, { status: 404 })];
  expect(judgeBy(successRate, {}, [...calls(4, 0), ...asked]).outcome).toBe('pass');
});

test('it names the first that failed', () => {
  const cut = [asks(1_000, 1, 10, { path: '/tasks/9?x=1' }), resets(1_001, 1, 10)];
  expect(judgeBy(successRate, {}, [...calls(9, 0), ...cut]).clients).toMatchObject([
    { finding: 'too many failed', seen: '90 % of 10 calls succeeded, the first that did not: GET /tasks/9' },
  ]);
});

/** So many tasks that succeed, and so many that are dropped. */
const tasks = (good: number, dropped: number): readonly Step[] => [
  ...Array.from({ length: good }, (_, at) => [creates(1, `good-${at}`), moves(2, `good-${at}`, 'succeeded')]).flat(),
  ...Array.from({ length: dropped }, (_, at): readonly Step[] => [
    creates(1, `bad-${at}`),
    [2, { type: 'task.dropped', task: `bad-${at}`, tries: 1 }],
  ]).flat(),
];

test('it says how many tasks succeeded; one that is dropped has failed at once', () =>
  expect(judgeBy(successRate, {}, [...calls(10, 0), ...tasks(165, 35)]).clients).toMatchObject([
    {
      outcome: 'pass',
      seen: '100 % of 10 calls succeeded, and 82.5 % of 200 tasks (35 dropped)',
      figures: { calls: 10, rate: 1, tasks: 200, taskRate: 0.825 },
    },
  ]));

test('a dropped task that expires in the end is counted once', () => {
  const later = moves(5, 'bad-0', 'expired', 'queued');
  expect(judgeBy(successRate, {}, [...calls(10, 0), ...tasks(3, 1), later]).clients).toMatchObject([
    { figures: { tasks: 4, taskRate: 0.75 } },
  ]);
});

test.each([
  [165, 35, 'fail'],
  [180, 20, 'pass'],
  [2, 0, 'inconclusive'],
] as const)('with `tasks: 0.9`, %i that succeed and %i that are dropped: %s', (good, dropped, outcome) =>
  expect(judgeBy(successRate, { tasks: 0.9 }, [...calls(10, 0), ...tasks(good, dropped)]).outcome).toBe(outcome),
);

test('it names the tasks that were lost, and blames no client for them', () =>
  expect(judgeBy(successRate, { tasks: 0.9 }, [...calls(10, 0), ...tasks(165, 35)]).clients).toMatchObject([
    { finding: 'too many tasks failed', seen: '82.5 % of 200 tasks succeeded, 35 dropped so far', eventCount: 35 },
    { outcome: 'pass' },
  ]));

test('a call whose retry is under way has not ended', () =>
  expect(judgeBy(successRate, {}, [...calls(4, 1), asks(1_000, 1, 10, { path: '/tasks/4' })]).outcome).toBe(
    'inconclusive',
  ));

test('a create whose answer was lost counts once it has one, and not before: its task exists', () => {
  const create = asks(900, 1, 10, { method: 'POST', path: TASKS });
  const lost = [create, creates(901, 'cgt-1', { connection: 1, request: 10 }), resets(902, 1, 10)];
  expect(judgeBy(successRate, {}, [...calls(5, 0), ...lost]).clients[0]?.figures).toEqual({ calls: 5, rate: 1 });
  const again = [
    ...opens(950, 2),
    asks(950, 2, 1, { method: 'POST', path: TASKS }),
    brings(951, 2, 1),
    answers(952, 2, 1),
  ];
  expect(judgeBy(successRate, {}, [...calls(5, 0), ...lost, ...again]).clients[0]?.figures).toEqual({
    calls: 6,
    rate: 1,
  });
});

test('tasks that fail or expire are lost as well, and it says of none that it was dropped', () => {
  const ends = ['failed', 'expired', 'cancelled', 'succeeded', 'succeeded', 'succeeded'];
  const made = ends.flatMap((to, at) => [creates(1, `cgt-${at}`), moves(2, `cgt-${at}`, to)]);
  expect(judgeBy(successRate, { tasks: 0.9 }, [...calls(10, 0), ...made]).clients).toMatchObject([
    { finding: 'too many tasks failed', eventCount: 2, figures: { tasks: 5, taskRate: 0.6 } },
    { seen: '100 % of 10 calls succeeded, and 60 % of 5 tasks' },
  ]);
});

test('it says what was expected', () => {
  const expected = (params: object) => judgeBy(successRate, params, []).expected;
  expect(expected({})).toBe('99 % or more of the calls to succeed in the end');
  expect(expected({ tasks: 0.9 })).toBe(
    '99 % or more of the calls to succeed in the end, and 90 % or more of the tasks',
  );
});

test('where events were lost, the answers may be among them', () =>
  expect(judgeAfterLoss(successRate, {}, calls(5, 5))).toBe('inconclusive'));
test('creates that failed may have come again with another seed or mark', () => {
  const rows = [1, 2, 3, 4, 5].flatMap((n) => {
    const intent = `prompt ${n}`;
    const made = triesToCreate(1_000 * n + 500, 2 * n + 1, { intent, status: 200 });
    return [...triesToCreate(1_000 * n, 2 * n, { intent }), ...made];
  });
  const judged = (params: object) => judgeBy(successRate, params, [...opens(0, 1), ...rows]).clients;
  expect(judged({})).toMatchObject([
    { outcome: 'inconclusive', doubtful: true, seen: expect.stringMatching(/another attempt, or another video$/) },
  ]);
  expect(judged({ atLeast: 0.5 })).toMatchObject([{ outcome: 'pass' }]);
  const lost = triesToCreate(9_000, 90, { intent: 'a harbour' });
  // Without what came again, 5 of 6 succeeded.
  expect(findingsOf(successRate, { atLeast: 5 / 6 }, [...opens(0, 1), ...rows, ...lost])).toEqual(['inconclusive']);
  expect(findingsOf(successRate, {}, [...opens(0, 1), ...rows, ...lost])).toEqual(['too many failed']);
});

test('while clients are at work, a call that failed and may come again has not ended', () => {
  const judged = (running: boolean) => judgeBy(successRate, {}, calls(5, 1), { running }).clients;
  expect(judged(true)).toMatchObject([{ outcome: 'pass', figures: { calls: 5 } }]);
  expect(judged(false)).toMatchObject([{ finding: 'too many failed', figures: { calls: 6 } }]);
});
