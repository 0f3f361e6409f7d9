import { expect, test } from 'vitest';
import { answers, asks, creates, findingsOf, opens, type Step, TASKS } from '../testing.ts';
import { ownTasksOnly } from './own-tasks-only.ts';

const makes = (at: number, connection: number, task: string): readonly Step[] => [
  asks(at, connection, 1, { method: 'POST', path: TASKS }),
  creates(at + 1, task, { connection, request: 1 }),
  answers(at + 2, connection, 1),
];
const two = [...opens(0, 1, { userAgent: 'one/1' }), ...opens(0, 2, { userAgent: 'two/1' })];
const both = [...two, ...makes(1, 1, 'cgt-1'), ...makes(1, 2, 'cgt-2')];
const gets = (at: number, connection: number, task: string, method: 'GET' | 'DELETE' = 'GET') =>
  asks(at, connection, at, { method, path: `${TASKS}/${task}` });
const find = (...steps: readonly Step[]) => findingsOf(ownTasksOnly, {}, [...both, ...steps]);

test('a client that asks for its own tasks passes', () =>
  expect(find(gets(10, 1, 'cgt-1'), gets(11, 2, 'cgt-2'))).toEqual(['pass', 'pass']));

test("another's task is another's, also to delete", () => {
  expect(find(gets(10, 1, 'cgt-2'), gets(11, 2, 'cgt-2'))).toEqual(["another's task", 'pass']);
  expect(find(gets(10, 1, 'cgt-1'), gets(11, 2, 'cgt-1', 'DELETE'))).toEqual(['pass', "another's task"]);
});

test("a List that names another's task asks for it", () => {
  const lists = (task: string) => asks(10, 1, 10, { path: `${TASKS}?page_num=1&filter.task_ids=${task}` });
  expect(find(lists('cgt-2'))).toEqual(["another's task", 'inconclusive']);
  expect(find(lists('cgt-1'))).toEqual(['pass', 'inconclusive']);
});

test('one of before the run, a List and a result tell nothing', () =>
  expect(
    find(gets(10, 1, 'cgt-0'), asks(11, 1, 11, { path: TASKS }), asks(12, 1, 12, { path: `${TASKS}/cgt-2/video` })),
  ).toEqual(['inconclusive', 'inconclusive']));

test("a browser that asks whether it may ask for another's task has not done so yet", () =>
  expect(find(asks(10, 1, 10, { method: 'OPTIONS', path: `${TASKS}/cgt-2` }), gets(11, 1, 'cgt-1'))).toEqual([
    'pass',
    'inconclusive',
  ]));
