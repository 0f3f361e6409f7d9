/** How many of the events that prove a finding are named. */
export const MAX_EVENTS_NAMED = 20;
/** How many proofs of a kind are kept; more are counted. */
export const PROOFS_KEPT = 100;

/** One thing that was seen. */
export interface Sample {
  /** The sequence numbers of the events that prove it. */
  readonly events: readonly number[];
  readonly value: number;
  /** What it is about, for a sentence: `GET /tasks/1`. */
  readonly what: string;
}

/** All things of one kind: counted and measured, the first of them kept. */
export class Kind {
  count = 0;
  sum = 0;
  eventCount = 0;
  least: Sample | undefined;
  most: Sample | undefined;
  readonly first: Sample[] = [];

  add(events: readonly number[], value: number, what: string): void {
    this.count++;
    this.sum += value;
    this.eventCount += events.length;
    const isLeast = !this.least || value < this.least.value;
    const isMost = !this.most || value > this.most.value;
    if (!isLeast && !isMost && this.first.length === PROOFS_KEPT) return;
    const sample = { events, value, what };
    if (isLeast) this.least = sample;
    if (isMost) this.most = sample;
    if (this.first.length < PROOFS_KEPT) this.first.push(sample);
  }

  copy(): Kind {
    const copy = Object.assign(new Kind(), this, { first: [...this.first] });
    return copy;
  }
}

const NONE: Readonly<Kind> = Object.freeze(new Kind());

/**
 * What a check has seen of a client so far, by kind, in bounded memory: a proof stays, whatever the
 * journal drops.
 */
export class Tally {
  #kinds: Map<string, Kind>;
  #listed: Set<string>;
  /** Of a copy: the kinds that are its own by now. */
  #own: Set<string> | undefined;
  /** A copy to which nothing has been added yet has nothing of its own. */
  #isShared = false;

  constructor(kinds = new Map<string, Kind>(), listed = new Set<string>()) {
    this.#kinds = kinds;
    this.#listed = listed;
  }

  /** @param events prove it
   * @param value what was measured; 0 where nothing is */
  note(kind: string, events: readonly number[], value = 0, what = ''): void {
    this.#stopSharing();
    let found = this.#kinds.get(kind);
    if (!found || (this.#own && !this.#own.has(kind))) {
      found = found?.copy() ?? new Kind();
      this.#kinds.set(kind, found);
      this.#own?.add(kind);
    }
    found.add(events, value, what);
  }

  /** Notes one thing in place of all of its kind. */
  replace(kind: string, events: readonly number[], value: number): void {
    this.#stopSharing();
    this.#kinds.delete(kind);
    this.note(kind, events, value);
  }

  /** Lists a name, once. */
  list(name: string): void {
    this.#stopSharing();
    if (this.#listed.size < PROOFS_KEPT) this.#listed.add(name);
  }

  get listed(): readonly string[] {
    return [...this.#listed];
  }

  of(kind: string): Readonly<Kind> {
    return this.#kinds.get(kind) ?? NONE;
  }

  /** A copy in which what is still open may be noted. */
  copy(): Tally {
    const copy = new Tally(this.#kinds, this.#listed);
    // Most kinds are only read, and most copies: one that is written to is copied then.
    copy.#own = new Set();
    copy.#isShared = true;
    return copy;
  }

  #stopSharing(): void {
    if (!this.#isShared) return;
    this.#isShared = false;
    this.#kinds = new Map(this.#kinds);
    this.#listed = new Set(this.#listed);
  }

  /** The proofs of some kinds, as a judgement names them: the first of them. */
  proofs(...kinds: readonly string[]): { readonly events: readonly number[]; readonly eventCount: number } {
    const events: number[] = [];
    let eventCount = 0;
    for (const kind of kinds) {
      const seen = this.of(kind);
      eventCount += seen.eventCount;
      for (const sample of seen.first) {
        if (events.length >= MAX_EVENTS_NAMED) break;
        events.push(...sample.events);
      }
    }
    return { events, eventCount };
  }
}
