import type { JournalEvent, Moment } from '../journal.ts';

/** By which clock a client waits: the lane's, or the real one. They differ under a manual clock alone. */
export type WaitsBy = 'lane' | 'real';

interface Spell {
  readonly at: number;
  readonly elapsed: number;
  readonly speed: number;
}

type Time = Omit<Moment, 'seq'>;

/** Turns lane time into the client's: they differ by the speed at which the lane's clock ran meanwhile. */
export class ClientTime {
  readonly #by: WaitsBy;
  /** From `at` on, `elapsed` client milliseconds after the start and at this speed. */
  readonly #spells: [Spell, ...Spell[]];
  #latest: Spell;

  /** @param startAt lane time at which counting begins */
  constructor(startAt: number, by: WaitsBy = 'lane') {
    this.#by = by;
    this.#latest = { at: startAt, elapsed: by === 'lane' ? 0 : startAt, speed: 1 };
    this.#spells = [this.#latest];
  }

  /** Whether lane time ran ahead of the client's at a moment: what the service ends after a silence, it ended too soon. */
  isHurried(moment: Time): boolean {
    return (this.#by === 'real' && moment.realAt !== undefined) || this.#spellAt(moment).speed > 1;
  }

  /** From here on the lane's time runs at another speed. */
  change(event: JournalEvent<'clock.changed'>): void {
    const { at, mode, speed } = event;
    // Who waits by a clock that is moved by hand, waits as long as it moves.
    this.#latest = { at, elapsed: this.at(event), speed: mode === 'manual' ? 1 : speed };
    this.#spells.push(this.#latest);
  }

  /** Client milliseconds from the start to a moment. */
  at(moment: Time): number {
    if (this.#by === 'real' && moment.realAt !== undefined) return moment.realAt;
    const { at, elapsed, speed } = this.#spellAt(moment);
    return elapsed + (moment.at - at) / speed;
  }

  /** The moment so many lane milliseconds before an event. Where only an advance moves the lane's time, the real clock does not
   * know it. */
  before({ at, realAt }: Time, laneMs: number): Time | undefined {
    return this.#by === 'real' && realAt !== undefined ? undefined : { at: at - laneMs };
  }

  /** Client milliseconds between two events. */
  between(earlier: Time, later: Time): number {
    return this.at(later) - this.at(earlier);
  }

  #spellAt({ at }: Time): Spell {
    if (this.#latest.at <= at) return this.#latest;
    return this.#spells.findLast((one) => one.at <= at) ?? this.#spells[0];
  }
}
