import { expect, test } from 'vitest';
import { chance } from '../random.ts';
import type { RetryClassName } from '../scenario/scenario.ts';
import { retryInMs } from './callback-schedule.ts';

/** The pauses between all tries of a class, up to the one after which none follows. */
function pausesOf(name: RetryClassName, rollOf: (attempt: number) => number): readonly number[] {
  const pauses: number[] = [];
  for (let pause = retryInMs(name, 1, rollOf(1)); pause !== undefined; ) {
    pauses.push(pause);
    const attempt = pauses.length + 1;
    pause = retryInMs(name, attempt, rollOf(attempt));
  }
  return pauses;
}

test('ark: four tries, after 1, 2 and 4 s', () => expect(pausesOf('ark', () => 0.9)).toEqual([1_000, 2_000, 4_000]));

test('operational: eight tries, each pause 5 s longer than the one before', () =>
  expect(pausesOf('operational', () => 0.9)).toEqual([5_000, 10_000, 15_000, 20_000, 25_000, 30_000, 35_000]));

test('financial: three tries, each pause twice as long, and by chance up to half as long again', () => {
  expect(pausesOf('financial', () => 0)).toEqual([1_000, 2_000]);
  expect(pausesOf('financial', () => 0.5)).toEqual([1_250, 2_500]);
  const seeded = (seed: number) => pausesOf('financial', (attempt) => chance(seed, attempt));
  expect(seeded(7)).toEqual(seeded(7));
  expect(seeded(7)).not.toEqual(seeded(8));
  for (const seed of Array(200).keys()) {
    const [first = 0, second = 0] = seeded(seed);
    expect(first).toBeGreaterThanOrEqual(1_000);
    expect(first).toBeLessThanOrEqual(1_500);
    expect(second).toBeGreaterThanOrEqual(2_000);
    expect(second).toBeLessThanOrEqual(3_000);
  }
});
