import { describe, expect, test } from 'vitest';
import {
  answers,
  asks,
  creates,
  findingsOf,
  judgeAfterLoss,
  judgeBy,
  looks,
  merge,
  moves,
  opens,
  postsAndHears,
  resets,
  type Step,
  TASKS,
} from '../testing.ts';
import { tasksSettled } from './tasks-settled.ts';

/** A task that is created at 0 and over at 1000 ms. */
const runs = (task: string, end = 'succeeded'): readonly Step[] => [creates(0, task), moves(1_000, task, end)];
const find = (...steps: readonly Step[]) => findingsOf(tasksSettled, {}, merge(opens(0, 1), steps));

test('a task is settled once its end was seen, whichever that is', () => {
  for (const end of ['succeeded', 'failed', 'expired'])
    expect(find(...runs('cgt-1', end), ...looks(1_001, '/cgt-1'))).toEqual(['pass']);
});

test.each([
  ['nobody asked', []],
  ['a Get came before the end', looks(500, '/cgt-1')],
  ['a Get found nothing', looks(1_001, '/cgt-1', { status: 404 })],
  ['a Get of another task', looks(1_001, '/cgt-2')],
  ['another call by its name', [asks(1_001, 1, 1, { method: 'DELETE', path: `${TASKS}/cgt-1` }), answers(1_002, 1, 1)]],
  ['a Get whose answer was cut', [...looks(1_001, '/cgt-1'), resets(1_012, 1, 1_001)]],
  ['a Get that has no answer yet', looks(1_001, '/cgt-1').slice(0, 1)],
  ['a callback that was refused', postsAndHears(1_001, { code: 500 })],
  ['a callback that told of the start', postsAndHears(1_001, { status: 'running' })],
] as const)('not seen: %s', (_what, steps) => expect(find(...runs('cgt-1'), ...steps)).toEqual(['not seen']));

test('a callback that told the end and was acknowledged settles it too', () =>
  expect(find(...runs('cgt-1'), ...postsAndHears(1_001))).toEqual(['pass']));

test('a task that was cancelled or deleted is settled; one that goes on is left behind', () => {
  expect(find(creates(0, 'cgt-1'), moves(5, 'cgt-1', 'cancelled', 'queued'))).toEqual(['pass']);
  expect(find(...runs('cgt-1'), [1_100, { type: 'task.deleted', task: 'cgt-1' }])).toEqual(['pass']);
  expect(find(creates(0, 'cgt-1'), moves(5, 'cgt-1', 'running', 'queued'), ...looks(10, '/cgt-1'))).toEqual([
    'left behind',
  ]);
});

test('a Get whose end is settled long before the run ends settles its task', () =>
  expect(find(...runs('cgt-1'), ...looks(1_001, '/cgt-1'), ...opens(9_000, 2))).toEqual(['pass']));

test('a task of an earlier run that is deleted is none of this run', () =>
  expect(find([5, { type: 'task.deleted', task: 'cgt-0' }])).toEqual(['inconclusive']));

test('after a loss of events a task may have been seen', () =>
  expect(judgeAfterLoss(tasksSettled, {}, merge(opens(0, 1), runs('cgt-1')))).toBe('inconclusive'));

test('the report names the API key of a task that was not seen', () => {
  const made: readonly Step[] = [creates(0, 'cgt-1', { account: 'a' }), moves(1_000, 'cgt-1', 'succeeded')];
  expect(judgeBy(tasksSettled, {}, [...opens(0, 1), ...made]).clients[0]?.seen).toMatch(/cgt-1 of API key a$/);
});

test('one List may show many, but only those on its page', () => {
  const all = Array.from({ length: 21 }, (_, index) => runs(`cgt-${index}`)).flat();
  expect(judgeBy(tasksSettled, {}, merge(opens(0, 1), all, looks(1_001, ''))).clients).toMatchObject([
    { finding: 'not seen', seen: '20 of 21 tasks seen to their end, the first that was not: cgt-0' },
  ]);
  expect(find(...all, ...looks(1_001, '?page_size=21'))).toEqual(['pass']);
});

test('of a task that was not seen and one that was left behind the first is told', () =>
  expect(judgeBy(tasksSettled, {}, [creates(0, 'cgt-2'), ...runs('cgt-1')]).clients).toMatchObject([
    {
      finding: 'not seen',
      seen: '0 of 2 tasks seen to their end, the first that was not: cgt-1',
      eventCount: 3,
      figures: { tasks: 2, settled: 0 },
    },
  ]));

test('any client may look after it', () =>
  expect(
    find(
      ...runs('cgt-1'),
      ...opens(1_000, 2, { userAgent: 'milk/1' }),
      asks(1_001, 2, 1, { path: `${TASKS}/cgt-1` }),
      answers(1_010, 2, 1),
    ),
  ).toEqual(['pass']));

test('without a task there is nothing to tell', () => expect(find(...looks(1, ''))).toEqual(['inconclusive']));

test('a List shows the tasks of its own API key, or of its own client', () => {
  const made = [creates(0, 'cgt-1', { connection: 1, request: 1, account: 'a' }), moves(1_000, 'cgt-1', 'succeeded')];
  const lists = (userAgent: string, account: string) => [
    ...opens(2_000, 2, { userAgent, account }),
    asks(2_001, 2, 1, { path: TASKS }),
    answers(2_010, 2, 1),
  ];
  const run = (...steps: readonly Step[]) =>
    findingsOf(tasksSettled, {}, [...opens(0, 1, { userAgent: 'web', account: 'a' }), ...made, ...steps]);
  expect(run(...lists('worker', 'a'))).toEqual(['pass']);
  expect(run(...lists('worker', 'b'))).toEqual(['not seen']);
  const own = { client: 'web at 127.0.0.1 (t13d1_a_b)' };
  expect(
    run(
      ...lists('web', 'b').map(
        ([at, entry]): Step => [at, entry.type === 'request.received' ? { ...entry, ...own } : entry],
      ),
    ),
  ).toEqual(['pass']);
});

describe('a task that its client found in a List, for the answer to its create was lost', () => {
  const creating = { method: 'POST', path: TASKS };
  const loses = (task: string, more = {}): readonly Step[] => [
    asks(0, 1, 1, creating),
    creates(1, task, { connection: 1, request: 1, ...more }),
    resets(100, 1, 1),
  ];
  const finds = (...tasks: readonly string[]): readonly Step[] => [
    ...opens(200, 3),
    asks(201, 3, 1, { path: TASKS }),
    answers(202, 3, 1),
    ...tasks.map((task) => moves(1_000, task, 'succeeded')),
    ...tasks.flatMap((task, index) => [
      asks(1_001, 3, 2 + index, { path: `${TASKS}/${task}` }),
      answers(1_002, 3, 2 + index),
    ]),
  ];
  /** Another create, that is answered. */
  const makes = (at: number, task: string, more = {}): readonly Step[] => [
    ...opens(at, 2, more),
    asks(at, 2, 1, creating),
    creates(at + 1, task, { connection: 2, request: 1 }),
    answers(at + 2, 2, 1),
  ];
  const judged = (...steps: readonly Step[]) => judgeBy(tasksSettled, {}, merge(opens(0, 1), steps)).clients;

  test('is its own where one create was in flight, and no other client makes tasks', () => {
    expect(find(...loses('cgt-1'), ...finds('cgt-1'))).toEqual(['pass']);
    expect(find(...loses('cgt-1'), ...makes(300, 'cgt-2'), ...finds('cgt-1', 'cgt-2'))).toEqual(['pass']);
  });

  test('may be that of another call, where two creates were in flight', () => {
    expect(judged(...loses('cgt-1'), ...makes(50, 'cgt-2'), ...finds('cgt-1', 'cgt-2'))).toMatchObject([
      {
        outcome: 'inconclusive',
        seen: '2 of 2 tasks seen to their end, but cgt-1 came from a List without a mark while another create was in flight',
        hint: expect.stringContaining('safety_identifier'),
      },
    ]);
  });

  test('may be that of another client, which makes tasks too', () => {
    const other = makes(300, 'cgt-2', { userAgent: 'milk/1' });
    expect(judged(...loses('cgt-1'), ...other, ...finds('cgt-1', 'cgt-2'))).toMatchObject([
      { outcome: 'inconclusive', seen: expect.stringContaining('while another client makes tasks too') },
    ]);
  });

  test('is known by its mark', () =>
    expect(find(...loses('cgt-1', { mark: 'm' }), ...makes(50, 'cgt-2'), ...finds('cgt-1', 'cgt-2'))).toEqual([
      'pass',
    ]));

  test('is lost where it is not followed, whatever List shows', () =>
    expect(
      find(...loses('cgt-1'), ...makes(50, 'cgt-2'), ...finds('cgt-2'), moves(1_003, 'cgt-1', 'succeeded')),
    ).toEqual(['not seen']));
});
