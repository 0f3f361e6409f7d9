import type { JournalEvent } from '../journal.ts';

/** Turns lane time into the client's: they differ by the speed at which the lane's clock ran meanwhile. */
export class ClientTime {
  /** From `at` on, `elapsed` client milliseconds after the start and at this speed. */
  readonly #spells: { readonly at: number; readonly elapsed: number; readonly speed: number }[] = [];

  /** @param changes in the order of the journal
   * @param startAt lane time at which counting begins */
  constructor(changes: readonly JournalEvent<'clock.changed'>[], startAt: number) {
    this.#spells.push({ at: startAt, elapsed: 0, speed: 1 });
    for (const { at, mode, speed } of changes) {
      // Whoever moves the lane's time by hand moves its client's with it.
      this.#spells.push({ at, elapsed: this.at(at), speed: mode === 'manual' ? 1 : speed });
    }
  }

  /** Client milliseconds from the start to a moment of lane time. */
  at(laneMs: number): number {
    const spell = this.#spells.findLast(({ at }) => at <= laneMs) ?? this.#spells[0];
    return spell ? spell.elapsed + (laneMs - spell.at) / spell.speed : 0;
  }

  /** Client milliseconds between two events. */
  between(earlier: { readonly at: number }, later: { readonly at: number }): number {
    return this.at(later.at) - this.at(earlier.at);
  }
}
