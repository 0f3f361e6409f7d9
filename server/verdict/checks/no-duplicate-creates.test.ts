import { expect, test } from 'vitest';
import { answers, asks, creates, findingsOf, judgeBy, moves, opens, resets, type Step, TASKS } from '../testing.ts';
import { noDuplicateCreates } from './no-duplicate-creates.ts';

/** A create with a body of its own; it makes a task where one is named. */
const posts = (at: number, connection: number, request: number, digest: string, task?: string): readonly Step[] => [
  asks(at, connection, request, { method: 'POST', path: TASKS }),
  [at, { type: 'request.body', connection, request, bytes: 10, digest }],
  ...(task === undefined ? [] : [creates(at + 1, task, { connection, request })]),
];
const find = (...steps: readonly Step[]) =>
  findingsOf(noDuplicateCreates, {}, [...opens(0, 1), ...opens(0, 2), ...steps]);
const lost = [...posts(0, 1, 1, 'a', 'cgt-1'), resets(5, 1, 1)];

test('a create whose answer was lost is not repeated, or it makes two tasks', () => {
  expect(find(...lost)).toEqual(['pass']);
  expect(find(...lost, asks(100, 2, 1, { path: TASKS }), answers(110, 2, 1))).toEqual(['pass']);
  expect(find(...lost, ...posts(100, 2, 1, 'a', 'cgt-2'))).toEqual(['duplicate']);
});

test('one that was cut before it was carried out may be', () =>
  expect(find(...posts(0, 1, 1, 'a'), resets(5, 1, 1), ...posts(100, 2, 1, 'a', 'cgt-1'))).toEqual(['pass']));

test('so may one that was refused', () =>
  expect(find(...posts(0, 1, 1, 'a'), answers(5, 1, 1, { status: 429 }), ...posts(100, 1, 2, 'a', 'cgt-1'))).toEqual([
    'pass',
  ]));

test('two creates that differ, or that both had their answers, are two', () => {
  expect(find(...lost, ...posts(100, 2, 1, 'b', 'cgt-2'))).toEqual(['pass']);
  const answered = [...posts(0, 1, 1, 'a', 'cgt-1'), answers(5, 1, 1)];
  expect(find(...answered, ...posts(100, 1, 2, 'a', 'cgt-2'))).toEqual(['pass']);
});

test('one that is cancelled afterwards was made all the same', () =>
  expect(find(...lost, ...posts(100, 2, 1, 'a', 'cgt-2'), moves(200, 'cgt-2', 'cancelled', 'queued'))).toEqual([
    'duplicate',
  ]));

test('it tells how many tasks one create made, and of how many creates', () =>
  expect(
    judgeBy(noDuplicateCreates, {}, [
      ...[
        ...opens(0, 1),
        ...opens(0, 2),
        ...opens(0, 3),
        ...lost,
        ...posts(100, 2, 1, 'a', 'cgt-2'),
        resets(105, 2, 1),
      ],
      ...[...posts(300, 3, 1, 'a', 'cgt-3'), answers(305, 3, 1), ...posts(400, 3, 2, 'b', 'cgt-4')],
    ]).clients,
  ).toMatchObject([
    {
      seen: '3 tasks for one create, known by repetition (1 of 2 creates made more than one)',
      eventCount: 3,
      figures: { creates: 2, tasks: 4 },
    },
  ]));

test('of several creates that made more than one the worst is told', () => {
  const twice = [...posts(0, 1, 1, 'a', 'cgt-1'), resets(5, 1, 1), ...posts(100, 2, 1, 'a', 'cgt-2')];
  const thrice = [3, 4, 5].flatMap((id) => [...posts(id * 100, id, 1, 'b', `cgt-${id}`), resets(id * 100 + 5, id, 1)]);
  const all = [1, 2, 3, 4, 5].flatMap((id) => opens(0, id));
  expect(judgeBy(noDuplicateCreates, {}, [...all, ...twice, ...thrice]).clients).toMatchObject([
    { seen: '3 tasks for one create, known by repetition (2 of 2 creates made more than one)', eventCount: 5 },
  ]);
});

test('List and a POST elsewhere are no creates', () =>
  expect(
    judgeBy(noDuplicateCreates, {}, [
      ...[...opens(0, 1), ...posts(0, 1, 1, 'a', 'cgt-1'), answers(5, 1, 1)],
      ...[asks(6, 1, 2, { path: TASKS }), asks(7, 1, 3, { method: 'POST', path: '/api/v3/heartbeat' })],
    ]).clients,
  ).toMatchObject([{ outcome: 'pass', seen: '1 task for 1 create' }]));

test('without a task there is nothing to tell', () => {
  expect(find(asks(0, 1, 1, { path: TASKS }), answers(5, 1, 1))).toEqual(['inconclusive']);
  expect(find(...posts(0, 1, 1, 'a'), answers(5, 1, 1, { status: 400 }))).toEqual(['inconclusive']);
});

test('two clients that ask for the same made it once each', () =>
  expect(find(...lost, ...opens(50, 3, { userAgent: 'milk/1' }), ...posts(100, 3, 1, 'a', 'cgt-2'))).toEqual([
    'pass',
    'pass',
  ]));
