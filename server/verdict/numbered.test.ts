import { expect, test } from 'vitest';
import { Numbered } from './numbered.ts';

/** A source of numbers that looks random, and is the same each time. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) & 0x7f_ff_ff_ff;
    return state / 0x7f_ff_ff_ff;
  };
}

test.each([1, 2, 3, 4, 5])('holds what a map would, whatever leaves when (seed %i)', (seed) => {
  const next = numbers(seed);
  const numbered = new Numbered<string>();
  const map = new Map<number, string>();
  let latest = 0;
  for (let step = 0; step < 5_000; step++) {
    if (next() < 0.5) {
      // Now and then a number is left out, comes late, or comes again.
      latest += next() < 0.05 ? Math.floor(next() * 200) : 1;
      const number = next() < 0.03 ? Math.floor(next() * latest) : latest;
      numbered.set(number, `${step}`);
      map.set(number, `${step}`);
    } else {
      const [first = 0] = map.keys();
      const number = next() < 0.9 ? first : Math.floor(next() * latest);
      expect(numbered.delete(number)).toBe(map.delete(number));
    }
    expect(numbered.size).toBe(map.size);
    const any = Math.floor(next() * latest);
    expect(numbered.get(any)).toBe(map.get(any));
  }
  expect([...numbered.values()].toSorted()).toEqual([...map.values()].toSorted());
});

test('one that stays for long costs no more than itself', () => {
  const numbered = new Numbered<number>();
  numbered.set(1, 1);
  for (let number = 2; number < 1_000_000; number++) {
    numbered.set(number, number);
    numbered.delete(number);
  }
  expect(numbered.slots).toBeLessThan(100);
  expect([...numbered.values()]).toEqual([1]);
  expect(numbered.get(1)).toBe(1);
});
