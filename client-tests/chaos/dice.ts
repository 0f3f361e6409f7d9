import { randomBytes, randomSequence } from '../../server/random.ts';

/** Random choices that a seed and a label repeat, whatever others do at the same time. */
export class Dice {
  readonly #next: () => number;

  constructor(seed: number, label: string) {
    this.#next = randomSequence(seed, label);
  }

  /** A whole number; both bounds are possible. */
  int(from: number, to: number): number {
    return from + Math.floor(this.#next() * (to - from + 1));
  }

  chance(probability = 0.5): boolean {
    return this.#next() < probability;
  }

  /** @throws Error when there is nothing to pick from */
  pick<T>(things: readonly T[]): T {
    if (things.length === 0) throw new Error('There is nothing to pick from.');
    return things[this.int(0, things.length - 1)] as T;
  }

  /** Makes a random number of things; both bounds are possible. */
  some<T>(from: number, to: number, make: (index: number) => T): T[] {
    return Array.from({ length: this.int(from, to) }, (_, index) => make(index));
  }

  bytes(from: number, to: number): Buffer {
    return Buffer.from(randomBytes(this.#next, this.int(from, to)));
  }
}
