import { expect, test } from 'vitest';
import {
  answers,
  asks,
  creates,
  findingsOf,
  hurries,
  judgeBy,
  moves,
  opens,
  posts,
  type Step,
  TASKS,
} from '../testing.ts';
import { pollInterval } from './poll-interval.ts';

/** Polls at these moments, each answered with its status, 10 ms later. */
const polls = (moments: readonly (number | readonly [number, number])[], task = 'cgt-1', connection = 1, first = 1) =>
  moments.flatMap((moment, index): readonly Step[] => {
    const [at, status] = typeof moment === 'number' ? [moment, 200] : moment;
    const path = `${TASKS}/${task}`;
    return [
      asks(at, connection, first + index, { path }),
      answers(at + 10, connection, first + index, { path, status }),
    ];
  });
const find = (params: object, ...steps: readonly Step[]) =>
  findingsOf(pollInterval, params, [...opens(0, 1), ...steps]);

test.each([
  ['a second apart', {}, [0, 1_000, 2_000], 'pass'],
  ['but for what clocks tick', {}, [0, 980, 2_000], 'pass'],
  ['one interval too short', {}, [0, 1_000, 1_979], 'too often'],
  ['minutes apart, where no longest is given', {}, [0, 300_000], 'pass'],
  ['as far apart as may be', { atMost: '5s' }, [0, 5_000], 'pass'],
  ['farther', { atMost: '5s' }, [0, 5_000, 10_001], 'too seldom'],
  ['a task asked for once', {}, [0], 'inconclusive'],
] as const)('%s: %j, at %j', (_what, params, moments, finding) =>
  expect(find(params, ...polls(moments))).toEqual([finding]),
);

test('another attempt at a poll that failed is no other poll', () => {
  expect(find({}, ...polls([[0, 503], [200, 503], 400, 1_000]))).toEqual(['pass']);
  expect(find({}, ...polls([[0, 404], 200]))).toEqual(['too often']);
});

test('what comes at once after an answer on a drained connection may be the same poll again', () => {
  const drain: Step = [5, { type: 'goaway.sent', connection: 1, code: 0, lastStreamId: 1 }];
  const dropped = [...polls([0]), ...opens(20, 2), ...polls([40], 'cgt-1', 2)].toSorted(([a], [b]) => a - b);
  const judged = (...steps: readonly Step[]) => judgeBy(pollInterval, {}, [...opens(0, 1), ...steps]).clients;
  const again = polls([1_040], 'cgt-1', 2, 2);
  for (const more of [[], again])
    expect(judged(dropped[0] ?? drain, drain, ...dropped.slice(1), ...more)).toMatchObject([
      {
        outcome: 'inconclusive',
        doubtful: true,
        seen: expect.stringMatching(/^asked again 40 ms after a poll that was answered after GOAWAY/),
      },
    ]);
  // Before the GOAWAY the answer was there; and on the same connection nothing is dropped.
  const late: Step = [15, { ...drain[1] }];
  expect(judged(...polls([0]), late, ...opens(20, 2), ...polls([40], 'cgt-1', 2))).toMatchObject([
    { finding: 'too often' },
  ]);
  expect(judged(...polls([0]).slice(0, 1), drain, ...polls([0]).slice(1), ...polls([40], 'cgt-1', 1, 2))).toMatchObject(
    [{ finding: 'too often' }],
  );
  expect(
    judged(dropped[0] ?? drain, drain, ...dropped.slice(1), ...again, ...polls([1_540], 'cgt-1', 2, 3)),
  ).toMatchObject([{ finding: 'too often' }]);
});

test('a poll that comes in time after a drained answer is no doubt', () => {
  const drain: Step = [5, { type: 'goaway.sent', connection: 1, code: 0, lastStreamId: 1 }];
  const [asked, answered] = polls([0]) as [Step, Step];
  const steps = [...opens(0, 1), asked, drain, answered, ...opens(20, 2), ...polls([5_000], 'cgt-1', 2)];
  expect(findingsOf(pollInterval, {}, steps)).toEqual(['pass']);
});

test('a DELETE between two polls says nothing of the answer to the first', () => {
  const drain: Step = [5, { type: 'goaway.sent', connection: 1, code: 0, lastStreamId: 1 }];
  const [asked, answered] = polls([0]) as [Step, Step];
  const path = `${TASKS}/cgt-1`;
  const deletes = [
    asks(30, 2, 1, { method: 'DELETE', path }),
    answers(31, 2, 1, { method: 'DELETE', path, status: 409 }),
  ];
  const steps = [...opens(0, 1), asked, drain, answered, ...opens(20, 2), ...deletes, ...polls([40], 'cgt-1', 2, 2)];
  expect(judgeBy(pollInterval, {}, steps).clients).toMatchObject([{ outcome: 'inconclusive', doubtful: true }]);
});

test('what follows the end of a task is no poll, nor what follows a 404 for a task that exists', () => {
  const made = creates(0, 'cgt-1');
  const over = moves(1_005, 'cgt-1', 'succeeded');
  expect(find({}, made, ...polls([0, 1_000]), over, ...polls([1_100], 'cgt-1', 1, 3))).toEqual(['too often']);
  expect(find({}, made, ...polls([0]), over, ...polls([1_010, 1_100], 'cgt-1', 1, 2))).toEqual(['pass']);
  expect(find({}, made, ...polls([[0, 404], 200, 1_200]))).toEqual(['pass']);
});

test('a client that keeps trying does not poll too seldom', () => {
  expect(find({ atMost: '5s' }, ...polls([[0, 503], [4_000, 503], 8_000, 12_000]))).toEqual(['pass']);
  expect(find({ atMost: '5s' }, ...polls([[0, 503], 4_000, 9_001]))).toEqual(['too seldom']);
});

test('a poll that has no answer yet counts from its start, as every other', () =>
  expect(find({}, asks(0, 1, 1, { path: `${TASKS}/cgt-1` }), ...polls([500], 'cgt-1', 1, 2))).toEqual(['too often']));

test('each task has its own rhythm, whatever the query; List and what is below a task are no polls', () => {
  expect(find({}, ...polls([0], 'cgt-1'), ...polls([100], 'cgt-2', 1, 2))).toEqual(['inconclusive']);
  expect(find({}, ...polls([0], 'cgt-1?a=1'), ...polls([100], 'cgt-1?a=2', 1, 2))).toEqual(['too often']);
  expect(find({}, asks(0, 1, 1, { path: TASKS }), asks(100, 1, 2, { path: TASKS }))).toEqual(['inconclusive']);
});

test('it tells the shortest and the longest interval, and how many were wrong', () =>
  expect(judgeBy(pollInterval, {}, [...opens(0, 1), ...polls([0, 300, 600, 3_000])]).clients).toMatchObject([
    {
      seen: 'polled every 300 to 2400 ms (2 of 3 intervals too short)',
      figures: { intervals: 3, shortestMs: 300, longestMs: 2_400 },
    },
  ]));

test("intervals are the client's: 2 s of a lane 20 times as fast are 100 ms", () => {
  expect(find({}, hurries(0, 20), ...polls([0, 20_000]))).toEqual(['pass']);
  expect(find({}, hurries(0, 20), ...polls([0, 2_000]))).toEqual(['too often']);
});

test('two clients that poll one task by turns are judged apart', () => {
  const milk = opens(0, 2, { userAgent: 'milk/1' });
  expect(find({}, ...milk, ...polls([0]), ...polls([500], 'cgt-1', 2), ...polls([1_000], 'cgt-1', 1, 2))).toEqual([
    'pass',
    'inconclusive',
  ]);
});

test('a longest interval below the shortest is refused', () => {
  const allows = (params: object) => pollInterval.params.safeParse(params).success;
  expect([{ atLeast: '5s', atMost: '1s' }, { atMost: '500ms' }, { atMost: '1s' }].map(allows)).toEqual([
    false,
    false,
    true,
  ]);
});

test('the report says what was expected, and why nothing was judged', () => {
  const expected = (params: object) => pollInterval.bind(pollInterval.params.parse(params)).expected;
  expect(expected({})).toBe('1s or more between two polls of a task');
  expect(expected({ atMost: '5s' })).toBe('1s or more between two polls of a task, 5s at most');
  expect(judgeBy(pollInterval, {}, [...opens(0, 1), ...polls([0])]).clients[0]?.seen).toBe(
    'it asked for no task twice',
  );
});

test('a task that is not polled for half an hour is forgotten, unless a poll may come too late', () => {
  const others = [...polls([1_000_000], 'cgt-2', 1, 2), ...polls([2_000_000], 'cgt-3', 1, 3)];
  const steps = [...polls([0]), ...others, ...polls([2_000_100], 'cgt-1', 1, 4)];
  expect(find({}, ...steps)).toEqual(['inconclusive']);
  expect(find({ atMost: '5s' }, ...steps)).toEqual(['too seldom']);
});

test('a DELETE is no poll, and its answer ends no polls', () => {
  const path = `${TASKS}/cgt-1`;
  const deletes = [asks(50, 1, 2, { method: 'DELETE', path }), answers(60, 1, 2, { path, status: 404 })];
  expect(find({}, creates(0, 'cgt-1'), ...polls([0]), ...deletes)).toEqual(['inconclusive']);
  expect(find({}, creates(0, 'cgt-1'), ...polls([0]), ...deletes, ...polls([100], 'cgt-1', 1, 3))).toEqual([
    'too often',
  ]);
});

test('a poll on another connection, after a fault struck the first, may repair what was spoilt', () => {
  const struck: Step = [1, { type: 'fault.injected', fault: 'f', hook: 'accept', ordinal: 1, did: 'x', connection: 1 }];
  const first = [struck, ...polls([10]), ...opens(100, 2)];
  expect(find({}, ...first, ...polls([200], 'cgt-1', 2))).toEqual(['inconclusive']);
  expect(find({}, ...first, ...polls([200], 'cgt-1', 1, 2))).toEqual(['too often']);
});

test('what may be several programs fails only if one of them does by itself', () => {
  const turns = [...polls([0]), ...polls([500], 'cgt-1', 2), ...polls([1_000], 'cgt-1', 1, 2)];
  expect(find({}, ...opens(0, 2), ...turns)).toEqual(['inconclusive']);
});

test('the first Get after a callback confirms that, and is no poll', () => {
  const called = (at: number) => posts(at, { task: 'cgt-1' });
  const at = (...steps: readonly Step[]) => steps.toSorted(([a], [b]) => a - b);
  expect(find({}, ...at(...polls([0, 510, 1_000, 2_000]), called(500)))).toEqual(['pass']);
  expect(find({}, ...at(...polls([0, 510, 560, 2_000]), called(500)))).toEqual(['too often']);
  expect(find({}, ...at(...polls([0, 510, 560, 1_000]), called(500), called(550)))).toEqual(['pass']);
  expect(find({}, ...at(...polls([0, 510, 1_000]), posts(500, { task: 'cgt-2' })))).toEqual(['too often']);
});
