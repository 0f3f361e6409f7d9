import { expect, test } from 'vitest';
import {
  answers,
  asks,
  findingsOf,
  judgeAfterLoss,
  judgeBy,
  looks,
  opens,
  postsAndHears,
  postsInVain,
  type Step,
  TASKS,
} from '../testing.ts';
import { callbacksVerified } from './callbacks-verified.ts';

const find = (...steps: readonly Step[]) => findingsOf(callbacksVerified, {}, steps);
const altered = (atMs: number, code = 200) => postsAndHears(atMs, { spoilt: 'altered', code });
const unreadable = (atMs: number, code = 200) => postsAndHears(atMs, { spoilt: 'unreadable', code });
const gets = (atMs: number, task = 'cgt-1', status = 200) => [...opens(0, 1), ...looks(atMs, `/${task}`, { status })];

test('what is no JSON has to be refused', () => {
  expect(find(...unreadable(10, 500))).toEqual(['pass']);
  expect(judgeBy(callbacksVerified, {}, [...unreadable(10, 500), ...unreadable(20)]).clients).toMatchObject([
    {
      finding: 'taken unread',
      seen: 'acknowledged 1 of 2 spoilt callbacks that is no JSON',
      figures: { spoilt: 2, refused: 1, confirmed: 0 },
    },
  ]);
});

test('what says something else has to be confirmed with Get, or refused', () => {
  expect(find(...altered(10), ...gets(20))).toEqual(['pass']);
  expect(find(...altered(10, 409))).toEqual(['pass']);
  expect(find(...altered(10))).toEqual(['not confirmed']);
});

test('a List confirms the tasks that it names, and no others', () => {
  const lists = (below: string, status = 200) => [...opens(0, 1), ...looks(20, below, { status })];
  expect(find(...altered(10), ...lists('?filter.task_ids=cgt-2&filter.task_ids=cgt-1'))).toEqual(['pass']);
  expect(find(...altered(10), ...lists('?filter.task_ids=cgt-2'))).toEqual(['not confirmed']);
  expect(find(...altered(10), ...lists('?filter.task_ids=cgt-1', 503))).toEqual(['not confirmed']);
  const posted = asks(20, 1, 1, { method: 'POST', path: `${TASKS}?filter.task_ids=cgt-1` });
  expect(find(...altered(10), ...opens(0, 1), posted, answers(25, 1, 1))).toEqual(['not confirmed']);
});

test('a Get of another task, before the callback, or in vain confirms nothing', () => {
  expect(find(...altered(10), ...gets(20, 'cgt-2'))).toEqual(['not confirmed']);
  expect(find(...gets(1), ...altered(20))).toEqual(['not confirmed']);
  expect(find(...altered(10), ...gets(20, 'cgt-1', 404))).toEqual(['not confirmed']);
});

test('a Get while the callback waits for its answer confirms it', () => {
  const [sent, heard] = altered(10) as [Step, Step];
  expect(find(sent, ...gets(20), [40, heard[1]])).toEqual(['pass']);
});

test('without a spoilt callback that was answered there is nothing to see', () => {
  expect(find(...postsAndHears(10))).toEqual(['inconclusive']);
  expect(find(...postsInVain(10, { spoilt: 'altered' }))).toEqual(['inconclusive']);
  expect(find(...postsInVain(10))).toEqual(['inconclusive']);
});

test('a DELETE of the task confirms nothing', () => {
  const deletes = [asks(20, 1, 1, { method: 'DELETE', path: `${TASKS}/cgt-1` }), answers(21, 1, 1)];
  expect(find(...altered(10), ...opens(0, 1), ...deletes)).toEqual(['not confirmed']);
});

test('a Get with a query, as clients add to evade a cache, confirms it', () =>
  expect(find(...altered(10), ...gets(20, 'cgt-1?t=1'))).toEqual(['pass']));

test('a Get that was sent before the callback was confirms nothing, though it is answered later', () => {
  const [asked, answered] = looks(5, '/cgt-1') as [Step, Step];
  expect(find(...opens(0, 1), asked, ...altered(10), answered)).toEqual(['not confirmed']);
  const [sent, heard] = altered(10) as [Step, Step];
  expect(find(...opens(0, 1), asked, sent, answered, [40, heard[1]])).toEqual(['not confirmed']);
});

test('a Get before the next try, or after one that was not spoilt, confirms nothing', () => {
  const next = postsAndHears(30, { spoilt: 'altered', attempt: 2 });
  expect(find(...postsInVain(10, { spoilt: 'altered' }), ...gets(20), ...next)).toEqual(['not confirmed']);
  expect(find(...altered(10, 500), ...gets(20), ...next)).toEqual(['not confirmed']);
  expect(find(...postsAndHears(10), ...gets(20), ...next)).toEqual(['not confirmed']);
});

test('another try that is refused, or fails, does not confirm one that was taken', () => {
  const second = { spoilt: 'altered', version: 2 } as const;
  expect(find(...altered(10), ...postsAndHears(20, { ...second, code: 500 }))).toEqual(['not confirmed']);
  expect(find(...altered(10), ...postsInVain(20, second))).toEqual(['not confirmed']);
});

test('two callbacks of one task may be under way at the same time: each has to be confirmed', () => {
  const [sent, heard] = altered(10, 500) as [Step, Step];
  const [alsoSent, taken] = postsAndHears(11, { spoilt: 'altered', copy: 2 }) as [Step, Step];
  expect(find(sent, alsoSent, heard, taken)).toEqual(['not confirmed']);
  const third = postsAndHears(9, { spoilt: 'altered', version: 2 });
  expect(judgeBy(callbacksVerified, {}, [...third, sent, alsoSent, heard, taken, ...gets(20)]).clients).toMatchObject([
    { outcome: 'pass', figures: { spoilt: 3, refused: 1, confirmed: 2 } },
  ]);
});

test('one that is refused after its Get is refused, and not confirmed', () => {
  const [sent, heard] = altered(10, 409) as [Step, Step];
  expect(judgeBy(callbacksVerified, {}, [sent, ...gets(20), [40, heard[1]]]).clients).toMatchObject([
    { outcome: 'pass', figures: { spoilt: 1, refused: 1, confirmed: 0 } },
  ]);
});

test('one that waits for its answer, or was sent before the run, is neither', () => {
  const [sent, heard] = altered(10) as [Step, Step];
  expect(find(sent)).toEqual(['inconclusive']);
  expect(find(heard)).toEqual(['inconclusive']);
});

test('where events were lost, the Get may be among them', () =>
  expect(judgeAfterLoss(callbacksVerified, {}, altered(10))).toBe('inconclusive'));
