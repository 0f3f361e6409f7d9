import { describe, expect, test } from 'vitest';
import { judge } from '../judge.ts';
import {
  answers,
  asks,
  brings,
  creates,
  findingsOf,
  judgeAfterLoss,
  judgeBy,
  looks,
  opens,
  resets,
  type Step,
  TASKS,
  tell,
  triesToCreate,
} from '../testing.ts';
import { createsAccounted } from './creates-accounted.ts';

const posts = (at: number, request: number, task?: string): readonly Step[] => [
  asks(at, 1, request, { method: 'POST', path: TASKS }),
  [at, { type: 'request.body', connection: 1, request, bytes: 1, digest: `body ${request}` }],
  ...(task === undefined ? [] : [creates(at + 1, task, { connection: 1, request })]),
];
const gets = (at: number, request: number, task: string): readonly Step[] => [
  asks(at, 1, request, { path: `${TASKS}/${task}` }),
  answers(at + 1, 1, request),
];
const find = (...steps: readonly Step[]) => findingsOf(createsAccounted, {}, [...opens(0, 1), ...steps]);
const made = [...posts(0, 1, 'cgt-1'), answers(2, 1, 1)];

test('a create whose task is followed is accounted for', () => {
  expect(find(...made, ...gets(10, 2, 'cgt-1'))).toEqual(['pass']);
  expect(find(...made)).toEqual(['not followed']);
});

test.each([
  [301, 'lost'],
  [400, 'pass'],
  [429, 'lost'],
  [503, 'lost'],
] as const)('one that is answered with %i and not repeated: %s', (status, finding) =>
  expect(find(...posts(0, 1), answers(2, 1, 1, { status }))).toEqual([finding]),
);

test('one that is cut before it made a task is lost, unless it is repeated', () => {
  expect(find(...posts(0, 1), resets(2, 1, 1))).toEqual(['lost']);
  const again = [...opens(100, 2), asks(100, 2, 1, { method: 'POST', path: TASKS })];
  const body: Step = [100, { type: 'request.body', connection: 2, request: 1, bytes: 1, digest: 'body 1' }];
  const task = creates(101, 'cgt-1', { connection: 2, request: 1 });
  const polled = [asks(110, 2, 2, { path: `${TASKS}/cgt-1` }), answers(111, 2, 2)];
  expect(find(...posts(0, 1), resets(2, 1, 1), ...again, body, task, answers(102, 2, 1), ...polled)).toEqual(['pass']);
});

test('it counts creates, and says what became of the first that is lost', () =>
  expect(
    judgeBy(createsAccounted, {}, [
      ...[...opens(0, 1), ...made, ...gets(10, 2, 'cgt-1')],
      ...[...posts(20, 3), answers(21, 1, 3, { status: 301 })],
    ]).clients,
  ).toMatchObject([
    { seen: '1 of 2 creates accounted for, the first that is not: one that was answered with 301 made no task' },
  ]));

test('without a create there is nothing to account for', () => {
  expect(find(...gets(0, 1, 'cgt-1'))).toEqual(['inconclusive']);
  expect(find(...gets(0, 1, 'cgt-1'), ...opens(9_000, 2))).toEqual(['inconclusive']);
  expect(find(asks(0, 1, 1, { path: TASKS }), answers(1, 1, 1, { status: 503 }))).toEqual(['inconclusive']);
  const elsewhere = { method: 'POST', path: '/api/v3/heartbeat' };
  expect(find(asks(0, 1, 1, elsewhere), answers(1, 1, 1, { status: 503 }))).toEqual(['inconclusive']);
});

const seenOf = (...steps: readonly Step[]) =>
  judgeBy(createsAccounted, {}, [...opens(0, 1), ...steps]).clients[0]?.seen;

test('a create that has no answer yet is judged later', () => expect(find(...posts(0, 1))).toEqual(['inconclusive']));

test('a create that was cut is said to be', () =>
  expect(seenOf(...posts(0, 1), resets(2, 1, 1))).toMatch(/one that was cut made no task$/));

test('a create that was asked to come later is said to be', () =>
  expect(seenOf(...posts(0, 1), answers(2, 1, 1, { status: 503 }))).toMatch(/answered with 503 made no task$/));

test('a create that was refused for good is accounted for, also long before the run ends', () =>
  expect(find(...posts(0, 1), answers(2, 1, 1, { status: 400 }), ...opens(9_000, 2))).toEqual(['pass']));

test('a task may be followed after the next create was sent', () =>
  expect(
    find(...made, ...posts(5, 2, 'cgt-2'), answers(7, 1, 2), ...gets(10, 3, 'cgt-1'), ...gets(20, 4, 'cgt-2')),
  ).toEqual(['pass']));

test('after a loss of events a task may have been followed', () =>
  expect(judgeAfterLoss(createsAccounted, {}, [...opens(0, 1), ...made])).toBe('inconclusive'));

describe('a create with a key', () => {
  const keyed = (at: number, request: number): readonly Step[] => [
    asks(at, 1, request, { method: 'POST', path: TASKS, idempotencyKey: 'k' }),
    brings(at, 1, request),
  ];

  test('counts once, however often it comes again after its task is over', () => {
    const task = [creates(1, 'cgt-1', { connection: 1, request: 1 }), answers(2, 1, 1)];
    const deleted: Step = [5, { type: 'task.deleted', task: 'cgt-1' }];
    const again = [2, 3].flatMap((request) => [...keyed(request * 10, request), answers(request * 10 + 1, 1, request)]);
    expect(seenOf(...keyed(0, 1), ...task, deleted, ...again)).toBe('1 of 1 create accounted for');
  });

  test('is not refused for good where an attempt made a task', () => {
    const task = [creates(1, 'cgt-1', { connection: 1, request: 1 }), answers(2, 1, 1, { status: 503 })];
    const refused = [...keyed(10, 2), answers(11, 1, 2, { status: 400 })];
    const later = [...opens(130_000, 2), ...opens(140_000, 3), ...gets(150_000, 3, 'cgt-1')];
    expect(find(...keyed(0, 1), ...task, ...refused, ...later)).toEqual(['pass']);
    expect(find(...keyed(0, 1), ...task, ...refused)).toEqual(['not followed']);
  });

  test('is accounted for where it succeeds after more time than a repetition has', () => {
    const refused = [...keyed(0, 1), answers(2, 1, 1, { status: 503 }), ...opens(130_000, 2), ...opens(140_000, 3)];
    const again = [...keyed(150_000, 2), creates(150_001, 'cgt-1', { connection: 1, request: 2 })];
    const done = [answers(150_002, 1, 2), ...gets(150_010, 3, 'cgt-1')];
    expect(find(...refused)).toEqual(['lost']);
    expect(find(...refused, ...again, ...done)).toEqual(['pass']);
  });
});

test('of the tasks of one create the latest hundred count', () => {
  const key = { method: 'POST', path: TASKS, idempotencyKey: 'video' };
  const attempts = Array.from({ length: 101 }, (_, n) => [
    ...[asks(n, 1, n + 1, key), brings(n, 1, n + 1), creates(n, `cgt-${n}`, { connection: 1, request: n + 1 })],
    answers(n, 1, n + 1),
  ]).flat();
  const follows = (task: string) => [asks(500, 1, 500, { path: `${TASKS}/${task}` }), answers(501, 1, 500)];
  expect(findingsOf(createsAccounted, {}, [...opens(0, 1), ...attempts, ...follows('cgt-100')])).toEqual(['pass']);
  expect(findingsOf(createsAccounted, {}, [...opens(0, 1), ...attempts])).toEqual(['not followed']);
});

test('a thousand tasks may be followed long after their creates are over', () => {
  const ids = Array.from({ length: 1_001 }, (_, index) => index + 1);
  const all = ids.flatMap((id) => [...posts(0, id, `cgt-${id}`), answers(1, 1, id)]);
  const follow = ids.flatMap((id) => gets(10_000, 2_000 + id, `cgt-${id}`));
  expect(find(...all, ...opens(9_000, 2), ...follow)).toEqual(['pass']);
});

test('one that failed may have come again with another seed or mark', () => {
  const [made, followed] = [triesToCreate(500, 2, { status: 200 }), looks(1_000, '/cgt-2')];
  const steps = [...opens(0, 1), ...triesToCreate(0, 1), ...made, ...followed];
  expect(judgeBy(createsAccounted, {}, steps).clients).toMatchObject([
    { outcome: 'inconclusive', doubtful: true, seen: expect.stringMatching(/another attempt, or another video$/) },
  ]);
  const other = triesToCreate(0, 1, { intent: 'a harbour' });
  expect(findingsOf(createsAccounted, {}, [...opens(0, 1), ...other, ...made, ...followed])).toEqual(['lost']);
  // What was refused for good is accounted for, whatever came after it.
  const bad = triesToCreate(0, 1, { status: 400 });
  expect(findingsOf(createsAccounted, {}, [...opens(0, 1), ...bad, ...made, ...followed])).toEqual(['pass']);
});

test('while clients are at work, a create that failed or was answered a moment ago is not lost', () => {
  const now = (atMs: number): Step => [atMs, { type: 'listener.opened' }];
  for (const status of [503, 200]) {
    const judged = (atMs: number) => {
      const steps = [...opens(0, 1), ...triesToCreate(0, 1, { status }), now(atMs)];
      return judgeBy(createsAccounted, {}, steps, { running: true }).clients;
    };
    expect(judged(120_000)).toMatchObject([{ outcome: 'inconclusive' }]);
    expect(judged(120_001)).toMatchObject([{ outcome: 'fail', provisional: true }]);
  }
  const bad = [...opens(0, 1), ...triesToCreate(0, 1, { status: 400 })];
  expect(judgeBy(createsAccounted, {}, bad, { running: true }).clients).toMatchObject([{ outcome: 'pass' }]);
});

test('of more than 1,000 creates that made no task for minutes, the oldest may have come again or not', () => {
  const tries = (at: number, n: number, status: number): readonly Step[] => [
    asks(at, 1, at, { method: 'POST', path: TASKS, idempotencyKey: `video ${n}` }),
    brings(at, 1, at, `body ${n}`),
    ...(status === 200 ? [creates(at, `cgt-${n}`, { connection: 1, request: at })] : []),
    answers(at, 1, at, { method: 'POST', path: TASKS, status }),
    ...(status === 200 ? gets(at, 500_000 + at, `cgt-${n}`) : []),
  ];
  const outcomeOf = (count: number) => {
    const all = Array.from({ length: count }, (_, n) => n);
    const steps = [
      ...[...opens(0, 1), ...all.flatMap((n) => tries(n + 1, n, 503))],
      ...[...opens(140_000, 2), ...opens(160_000, 3), ...all.flatMap((n) => tries(200_000 + n, n, 200))],
    ];
    const expected = [createsAccounted.bind({})];
    const { report } = judge(tell(steps, steps.length + 1), { scenario: 'story', seed: 1, expect: expected });
    return report.checks[0]?.outcome;
  };
  expect([1_000, 1_001].map(outcomeOf)).toEqual(['pass', 'inconclusive']);
});
