import { expect, test } from 'vitest';
import {
  answers,
  asks,
  creates,
  findingsOf,
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
