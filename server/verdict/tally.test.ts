import { expect, test } from 'vitest';
import { Tally } from './tally.ts';

test('what is noted in a copy is not in the tally, and what is in the tally is in the copy', () => {
  const tally = new Tally();
  tally.note('wait', [1], 5);
  tally.list('a');
  const copies = [tally.copy(), tally.copy(), tally.copy()] as const;
  copies[0].note('wait', [2], 7);
  copies[1].replace('wait', [3], 9);
  copies[2].list('b');
  expect(copies.map((copy) => [copy.of('wait').count, copy.of('wait').sum, copy.listed])).toEqual([
    [2, 12, ['a']],
    [1, 9, ['a']],
    [1, 5, ['a', 'b']],
  ]);
  expect([tally.of('wait').count, tally.of('wait').sum, tally.listed]).toEqual([1, 5, ['a']]);
});
