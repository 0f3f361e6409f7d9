import { expect, test } from 'vitest';
import { chance } from '../random.ts';
import { type Distribution, drawLength, explainDistribution } from './distribution.ts';

const MAX_MS = 600_000;

/** Many draws, in order of size. */
const draws = (distribution: Distribution) =>
  Array.from({ length: 2_000 }, (_, nth) =>
    drawLength(distribution, (label = '') => chance(7, nth, label), MAX_MS),
  ).toSorted((a, b) => a - b);
const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

test.each([
  [{ uniform: { from: 1_000, to: 3_000 } }, 2_000, 2_000],
  [{ normal: { mean: 2_000, deviation: 200 } }, 2_000, 2_000],
  // exp(sigma^2 / 2) times the median.
  [{ 'log-normal': { median: 2_000, sigma: 0.5 } }, 2_000, 2_266],
  // ln 2 times the mean.
  [{ exponential: { mean: 2_000 } }, 1_386, 2_000],
])('%j has the median and the mean it should have', (distribution, median, mean) => {
  const drawn = draws(distribution);
  expect(Math.abs((drawn[1_000] ?? 0) / median - 1)).toBeLessThan(0.07);
  expect(Math.abs(meanOf(drawn) / mean - 1)).toBeLessThan(0.07);
});

test('every length is in whole milliseconds, from 0 to the limit', () => {
  for (const distribution of [{ normal: { mean: 0, deviation: MAX_MS } }, { exponential: { mean: MAX_MS } }]) {
    const drawn = draws(distribution);
    expect(drawn.every((ms) => Number.isInteger(ms) && ms >= 0 && ms <= MAX_MS)).toBe(true);
    expect(drawn.at(-1)).toBe(MAX_MS);
  }
});

test('each says what it is', () => {
  expect(explainDistribution({ exponential: { mean: 1_000 } })).toBe('1s on average');
  expect(explainDistribution({})).toBeUndefined();
});
