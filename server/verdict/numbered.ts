/** Below this length nothing is repacked. */
const PACKED_FROM = 64;
/** So many slots per thing at most. */
const SLOTS_PER_THING = 8;

/**
 * Things by numbers that grow, such as the requests of a connection: nearly all leave in the order in which they came. An array
 * whose head moves along is smaller than a map, and quicker. What stays behind for long moves to a map.
 */
export class Numbered<T> {
  #slots: (T | undefined)[] = [];
  /** The number of the thing in the first slot. */
  #base = 0;
  /** Slots before this one are empty. */
  #head = 0;
  #count = 0;
  /** Those whose numbers are too far from the others'. */
  readonly #strays = new Map<number, T>();

  get size(): number {
    return this.#count + this.#strays.size;
  }

  /** How many slots there are, empty ones and all. */
  get slots(): number {
    return this.#slots.length;
  }

  get(number: number): T | undefined {
    return this.#slots[number - this.#base] ?? (this.#strays.size > 0 ? this.#strays.get(number) : undefined);
  }

  set(number: number, thing: T): void {
    if (this.#count === 0) this.#restartAt(number);
    const index = number - this.#base;
    const isStray = this.#strays.size > 0 && this.#strays.has(number);
    // What comes late has no slot any more, and what is far ahead would leave a gap.
    if (isStray || index < this.#head || index > this.#slots.length + SLOTS_PER_THING)
      return void this.#strays.set(number, thing);
    while (this.#slots.length < index) this.#slots.push(undefined);
    if (this.#slots[index] === undefined) this.#count++;
    this.#slots[index] = thing;
    if (this.#slots.length > PACKED_FROM && this.#slots.length > SLOTS_PER_THING * this.#count) this.#repack();
  }

  /** @returns whether it was there */
  delete(number: number): boolean {
    const index = number - this.#base;
    if (this.#slots[index] === undefined) return this.#strays.size > 0 && this.#strays.delete(number);
    this.#slots[index] = undefined;
    this.#count--;
    while (this.#head < this.#slots.length && this.#slots[this.#head] === undefined) this.#head++;
    if (this.#head > PACKED_FROM && this.#head > this.#slots.length >> 1) this.#cutHead();
    return true;
  }

  clear(): void {
    this.#slots.length = 0;
    this.#head = 0;
    this.#count = 0;
    this.#strays.clear();
  }

  /** In the order of their numbers, but that what stayed behind comes first. */
  *values(): Iterable<T> {
    yield* this.#strays.values();
    for (let index = this.#head; index < this.#slots.length; index++) {
      const thing = this.#slots[index];
      if (thing !== undefined) yield thing;
    }
  }

  #restartAt(number: number): void {
    this.#slots.length = 0;
    this.#base = number;
    this.#head = 0;
  }

  #cutHead(): void {
    this.#slots.splice(0, this.#head);
    this.#base += this.#head;
    this.#head = 0;
  }

  /** Most slots are empty: those that came before the latest few are strays. */
  #repack(): void {
    const from = this.#slots.length - PACKED_FROM / 2;
    for (let index = this.#head; index < from; index++) {
      const thing = this.#slots[index];
      if (thing === undefined) continue;
      this.#strays.set(this.#base + index, thing);
      this.#count--;
    }
    this.#head = from;
    this.#cutHead();
  }
}
