import { expect, test } from 'vitest';
import { ResultOwners } from './result-owners.ts';

/** The name of a result. */
const file = (number: number) => `${'2'.repeat(15)}${number.toString(16).padStart(38, '0')}`;
const url = (number: number) => `/doubao-seedance-2-0/${file(number)}.mp4?X-Tos-Signature=a`;

test('a result belongs to the client whose Get returned it last', () => {
  const owners = new ResultOwners();
  owners.note(file(1), 'web');
  owners.note(file(1), 'worker');

  expect(owners.find(url(1))).toBe('worker');
  expect(owners.find(url(2))).toBeUndefined();
  expect(owners.find('/api/v3/contents/generations/tasks')).toBeUndefined();
});

test('of 10,001 results the one not shown for longest is forgotten', () => {
  const owners = new ResultOwners();
  for (let number = 0; number < 10_000; number++) owners.note(file(number), 'web');
  owners.note(file(0), 'web');
  owners.note(file(10_000), 'web');

  expect([0, 1, 2, 10_000].map((number) => owners.find(url(number)))).toEqual(['web', undefined, 'web', 'web']);
});
