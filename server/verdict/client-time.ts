import type { JournalEvent } from '../journal.ts';

/** Turns lane time into the client's: they differ by the speed at which the lane's clock ran meanwhile. */
export class ClientTime {
  /** From `at` on, `elapsed` client milliseconds after the start and at this speed. */
  readonly #spells: { readonly at: number; readonly elapsed: number; readonly speed: number }[] = [];

  /** @param startAt lane time at which counting begins */
  constructor(startAt: number) {
    this.#spells.push({ at: startAt, elapsed: 0, speed: 1 });
  }

  /** From here on the lane's time runs at another speed. */
  change({ at, mode, speed }: JournalEvent<'clock.changed'>): void {
    // A clock that is moved by hand is taken for the client's own.
    this.#spells.push({ at, elapsed: this.at(at), speed: mode === 'manual' ? 1 : speed });
  }

  /** Client milliseconds from the start to a moment of lane time. */
  at(laneMs: number): number {
    const latest = this.#spells.at(-1);
    const isLatest = latest !== undefined && latest.at <= laneMs;
    const spell = isLatest ? latest : (this.#spells.findLast(({ at }) => at <= laneMs) ?? this.#spells[0]);
    return spell ? spell.elapsed + (laneMs - spell.at) / spell.speed : 0;
  }

  /** Client milliseconds between two events. */
  between(earlier: { readonly at: number }, later: { readonly at: number }): number {
    return this.at(later.at) - this.at(earlier.at);
  }
}
