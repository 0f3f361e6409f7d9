import { expect, test } from 'vitest';
import { chance, chooseSeed, normalFrom, randomSequence, randomText } from './random.ts';

test('chance is the same for the same keys, whatever was asked in between', () => {
  const first = chance(7, 'main', 'drain', 1);
  chance(7, 'main', 'drain', 2);
  expect(chance(7, 'main', 'drain', 1)).toBe(first);
});

test('chance is another for another seed, another key, or keys cut otherwise', () => {
  const numbers = [
    chance(7, 'ab', 'c'),
    chance(8, 'ab', 'c'),
    chance(7, 'a', 'bc'),
    chance(7, 'abc'),
    chance(7, 'ab', 1),
  ];
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(chance(7, 1)).not.toBe(chance(7, '1'));
});

test('chance lies in [0, 1) and is spread evenly', () => {
  const rolls = Array.from({ length: 10_000 }, (_, n) => chance(7, n));
  expect(rolls.every((roll) => roll >= 0 && roll < 1)).toBe(true);
  for (let tenth = 0; tenth < 10; tenth++) {
    const share = rolls.filter((roll) => Math.floor(roll * 10) === tenth).length / rolls.length;
    expect(Math.abs(share - 0.1)).toBeLessThan(0.015);
  }
});

test('normal numbers have mean 0 and deviation 1, with two in three within one deviation', () => {
  const drawn = Array.from({ length: 10_000 }, (_, n) => normalFrom(chance(7, n, 'a'), chance(7, n, 'b')));
  const mean = drawn.reduce((sum, x) => sum + x, 0) / drawn.length;
  const deviation = Math.sqrt(drawn.reduce((sum, x) => sum + (x - mean) ** 2, 0) / drawn.length);
  expect(mean).toBeCloseTo(0, 1);
  expect(deviation).toBeCloseTo(1, 1);
  expect(drawn.filter((x) => Math.abs(x) < 1).length / drawn.length).toBeCloseTo(0.68, 1);
  expect(drawn.every(Number.isFinite)).toBe(true);
});

test('a sequence repeats with its seed and label', () => {
  const drawn = (seed: number, label: string) => Array.from({ length: 20 }, randomSequence(seed, label));
  expect(drawn(7, 'ids')).toEqual(drawn(7, 'ids'));
  expect(drawn(7, 'ids')).not.toEqual(drawn(8, 'ids'));
  expect(drawn(7, 'ids')).not.toEqual(drawn(7, 'names'));
  expect(drawn(7, 'ids').every((roll) => roll >= 0 && roll < 1)).toBe(true);
});

test('a text has its length, and no characters but those of its alphabet', () =>
  expect(randomText(randomSequence(7, 'ids'), 'ab1', 50)).toMatch(/^[ab1]{50}$/));

test('a seed that was chosen can be written down and given back', () => {
  const seed = chooseSeed();
  expect(Number.isSafeInteger(seed)).toBe(true);
  expect(seed).toBeGreaterThanOrEqual(0);
  expect(chance(Number(String(seed)), 'x')).toBe(chance(seed, 'x'));
});
