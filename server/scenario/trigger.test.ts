import { describe, expect, test } from 'vitest';
import type { When } from './scenario.ts';
import { explainWhen, type Moment, strikesAt } from './trigger.ts';

const moment = (changes: Partial<Moment> = {}): Moment => ({
  ordinal: 1,
  struck: 0,
  elapsedMs: 0,
  connection: 1,
  roll: () => 0.5,
  ...changes,
});

/** Which of the first twelve it strikes. */
const strikesOf = (when: When) =>
  Array.from({ length: 12 }, (_, index) => index + 1).filter((ordinal) => strikesAt(when, moment({ ordinal })));

test.each<[When, number[]]>([
  [{}, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]],
  [{ nth: 3 }, [3]],
  [{ nth: [5, 3] }, [3, 5]],
  [{ every: 3 }, [3, 6, 9, 12]],
  [{ first: 2 }, [1, 2]],
  [{ after: 10 }, [11, 12]],
  [{ every: 3, after: 3, first: 9 }, [6, 9]],
])('%o strikes %o', (when, ordinals) => expect(strikesOf(when)).toEqual(ordinals));

test('times bounds the strikes', () => {
  expect(strikesAt({ times: 5 }, moment({ struck: 4 }))).toBe(true);
  expect(strikesAt({ times: 5 }, moment({ struck: 5 }))).toBe(false);
});

test.each([
  [999, false],
  [1_000, true],
  [2_000, true],
  [2_001, false],
])('from 1s to 2s, %i ms in: %s', (elapsedMs, strikes) =>
  expect(strikesAt({ from: 1_000, to: 2_000 }, moment({ elapsedMs }))).toBe(strikes),
);

test('the connection is counted apart from what happens on it', () => {
  expect(strikesAt({ connection: { nth: [2, 3] } }, moment({ connection: 3 }))).toBe(true);
  expect(strikesAt({ connection: { every: 2 } }, moment({ connection: 3 }))).toBe(false);
  expect(strikesAt({ connection: { first: 1 } }, moment({ connection: undefined }))).toBe(false);
});

test('probability is the share below which the roll must fall', () => {
  expect(strikesAt({ probability: 0.5 }, moment({ roll: () => 0.49 }))).toBe(true);
  expect(strikesAt({ probability: 0.5 }, moment({ roll: () => 0.5 }))).toBe(false);
  expect(strikesAt({ probability: 1 }, moment({ roll: () => 0.999 }))).toBe(true);
  expect(strikesAt({ probability: 0 }, moment({ roll: () => 0 }))).toBe(false);
});

test('chance is not asked when nothing depends on it', () => {
  const roll = () => {
    throw new Error('asked');
  };
  expect(strikesAt({ every: 2 }, moment({ ordinal: 2, roll }))).toBe(true);
  expect(strikesAt({ nth: 3, probability: 0.5 }, moment({ roll }))).toBe(false);
});

describe('in words', () => {
  test.each<[When, string]>([
    [{}, 'every poll'],
    [{ every: 3 }, 'every 3rd poll'],
    [{ nth: 1 }, 'the 1st poll'],
    [{ nth: [2, 11, 21] }, 'the 2nd, 11th and 21st poll'],
    [{ first: 2 }, 'every poll, up to the 2nd'],
    [{ every: 2, after: 10 }, 'every 2nd poll, after the 10th'],
    [
      { every: 3, per: 'task', from: 0, to: 60_000, times: 5 },
      'every 3rd poll, counted per task, from 0ms, until 1m, at most 5 times',
    ],
    [
      { probability: 0.177, connection: { every: 2 }, times: 1 },
      'every poll, on every 2nd connection, with probability 0.177, at most once',
    ],
  ])('%o is "%s"', (when, words) => expect(explainWhen(when, 'poll')).toBe(words));
});
