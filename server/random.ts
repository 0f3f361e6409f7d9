import { hash } from 'node:crypto';

/**
 * Chance as a pure function: the same keys give the same number in [0, 1), whatever else happens in between.
 * Concurrency cannot reorder it, which is what makes a run replayable from its seed.
 */
export function chance(seed: number, ...keys: readonly (string | number)[]): number {
  const digest = hash('sha256', JSON.stringify([seed, ...keys]), 'buffer');
  return digest.readUIntBE(0, 6) / 2 ** 48;
}

/** A number of the standard normal distribution, from two of [0, 1) (Box and Muller). */
export const normalFrom = (first: number, second: number): number =>
  Math.sqrt(-2 * Math.log(1 - first)) * Math.cos(2 * Math.PI * second);

/** A seeded sequence of numbers in [0, 1), for values that need to differ but not to be replayed one by one (mulberry32). */
export function randomSequence(seed: number, label: string): () => number {
  let state = Math.floor(chance(seed, label) * 2 ** 32);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Characters drawn from `alphabet` by a sequence, as in the tail of a task id. */
export function randomText(next: () => number, alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet[Math.floor(next() * alphabet.length)]).join('');
}

/** Bytes drawn by a sequence. */
export const randomBytes = (next: () => number, count: number): Uint8Array =>
  Uint8Array.from({ length: count }, () => Math.floor(next() * 256));

/** A seed for a run that was not given one: printed, and enough to replay it. */
export const chooseSeed = (): number => Math.floor(Math.random() * 2 ** 31);
