import type { Criterion } from './match.ts';
import type { Facts } from './scenario.ts';

/** How many answers are remembered; the next one clears them all. */
export const MAX_REMEMBERED = 4_096;
/** What has more to it than this is not worth remembering. */
const MAX_KEY_CHARACTERS = 1_024;

/** Something that a `match` lets through or not. */
interface Matching {
  readonly criteria: readonly Criterion[];
}

/**
 * Finds those that fit a thing. There may be a thousand of them, and requests are alike: the answer hangs on nothing but
 * what the criteria read, so it is remembered by that, and the next request of the kind costs one look into a map.
 */
export class Fitting<T extends Matching> {
  readonly #all: readonly T[];
  readonly #reads: readonly Criterion['read'][];
  readonly #remembered = new Map<string, readonly T[]>();
  /** What was read last, and what fitted: clients poll, so the next thing is mostly the same, and no key need be made. */
  readonly #last: ReturnType<Criterion['read']>[] = [];
  #lastFound: readonly T[] | undefined;

  constructor(all: readonly T[]) {
    this.#all = all;
    const criteria = all.flatMap((one) => one.criteria);
    this.#reads = [...new Map(criteria.map(({ at, read }) => [at, read])).values()];
  }

  /** Those that fit, in the order in which they were given. */
  find(facts: Facts): readonly T[] {
    const asked = this.#readsAsLast(facts);
    if (!asked || !this.#lastFound) this.#lastFound = this.#lookUp(facts);
    return this.#lastFound;
  }

  /** Notes what it reads. */
  #readsAsLast(facts: Facts): boolean {
    let same = true;
    for (let i = 0; i < this.#reads.length; i++) {
      const fact = this.#reads[i]?.(facts);
      if (fact === this.#last[i]) continue;
      this.#last[i] = fact;
      same = false;
    }
    return same;
  }

  #lookUp(facts: Facts): readonly T[] {
    const key = this.#keyOf(facts);
    const known = this.#remembered.get(key);
    if (known) return known;
    const found = this.#all.filter(({ criteria }) => criteria.every(({ read, fits }) => fits(read(facts))));
    if (key.length > MAX_KEY_CHARACTERS) return found;
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(key, found);
    return found;
  }

  /** Lengths go first, so that no two things share a key, whatever a client sends. */
  #keyOf(facts: Facts): string {
    let key = '';
    for (const read of this.#reads) {
      const fact = read(facts);
      if (typeof fact === 'string') key += `${fact.length}:${fact}`;
      else if (fact === undefined) key += '-';
      else key += `[${fact.length}]${fact.map((one) => `${one.length}:${one}`).join('')}`;
    }
    return key;
  }
}
