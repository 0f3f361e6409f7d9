import { expect, test } from 'vitest';
import { keep, Recent } from './bounded.ts';

test('the newest entries are kept', () => {
  const known = new Map<string, number>();
  for (const [index, key] of ['a', 'b', 'a', 'c'].entries()) keep(known, key, index, 2);
  expect([...known]).toEqual([
    ['b', 1],
    ['c', 3],
  ]);
});

test('what was not set for a time is forgotten, once that is over and before it is over twice', () => {
  const known = new Recent<string, number>(100);
  known.set('a', 1, 0);
  known.set('b', 2, 99);
  known.set('c', 3, 100);
  expect([known.get('a'), known.get('b'), known.get('c')]).toEqual([1, 2, 3]);
  known.set('b', 4, 150);
  known.set('d', 5, 200);
  expect([known.get('a'), known.get('b'), known.get('d')]).toEqual([undefined, 4, 5]);
  known.set('e', 6, 400);
  expect([known.get('b'), known.get('d'), known.get('e')]).toEqual([undefined, undefined, 6]);
});

test('of what was set lately, those that were set last are kept', () => {
  const known = new Recent<number, number>(100, 2);
  for (const key of [1, 2, 3, 1, 4]) known.set(key, key, 0);
  expect([1, 2, 3, 4].map((key) => known.get(key))).toEqual([1, undefined, 3, 4]);
});
