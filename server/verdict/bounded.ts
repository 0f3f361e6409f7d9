/** How many things of a kind a check remembers per client. */
export const KEPT = 10_000;

/** Sets a value in a map of which the newest are kept. */
export function keep<K, V>(known: Map<K, V>, key: K, value: V, limit = KEPT): void {
  known.set(key, value);
  if (known.size > limit) for (const oldest of known.keys()) return void known.delete(oldest);
}

/** Empties a map. One that is empty is left alone: to clear it would cost as much as to make another. */
export function forgetAll(known: Map<unknown, unknown>): void {
  if (known.size > 0) known.clear();
}

/** A map that forgets what was not set for a time: once that is over, and before it is over twice. Of more it keeps those that were set
 * last: so many at least, and less than twice as many. */
export class Recent<K, V> {
  readonly #forMs: number;
  readonly #limit: number;
  #young = new Map<K, V>();
  #old = new Map<K, V>();
  #since = Number.NEGATIVE_INFINITY;

  constructor(forMs: number, limit = KEPT) {
    this.#forMs = forMs;
    this.#limit = limit;
  }

  get(key: K): V | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  /** @param nowMs the present, by a clock that does not go back */
  set(key: K, value: V, nowMs: number): void {
    const ageMs = nowMs - this.#since;
    if (ageMs >= this.#forMs || this.#young.size >= this.#limit) {
      this.#old = ageMs >= 2 * this.#forMs ? new Map() : this.#young;
      this.#young = new Map();
      this.#since = nowMs;
    }
    this.#young.set(key, value);
  }
}
