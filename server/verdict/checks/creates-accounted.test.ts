import { expect, test } from 'vitest';
import { answers, asks, creates, findingsOf, judgeBy, opens, resets, type Step, TASKS } from '../testing.ts';
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

test('without a create there is nothing to account for', () =>
  expect(find(...gets(0, 1, 'cgt-1'))).toEqual(['inconclusive']));
