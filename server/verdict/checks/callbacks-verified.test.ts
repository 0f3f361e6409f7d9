import { expect, test } from 'vitest';
import { findingsOf, judgeBy, looks, opens, postsAndHears, postsInVain, type Step } from '../testing.ts';
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
});
