import { expect, test } from 'vitest';
import { keep } from './bounded.ts';

test('the newest entries are kept', () => {
  const known = new Map<string, number>();
  for (const [index, key] of ['a', 'b', 'a', 'c'].entries()) keep(known, key, index, 2);
  expect([...known]).toEqual([
    ['b', 1],
    ['c', 3],
  ]);
});
