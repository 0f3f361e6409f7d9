import type { Moment } from '../journal.ts';
import type { ClientTime } from './client-time.ts';

/** How many loops of a program may poll one task by turns. */
const LOOPS = 4;
/** Gaps that differ by less are alike: timers are late, and answers take their time. */
const SLACK_MS = 20;
const SLACK_SHARE = 0.25;

/** How far apart the polls of a task come. Those of one loop are evenly spaced, or grow apart; those of several come by turns. */
export class Rhythm {
  #latest: Moment | undefined;
  /** The latest one last. */
  readonly #gaps: number[] = [];

  /** Whether a poll comes when another loop's is due: as long after the latest one as its turn before, unlike those between. */
  isTurn(poll: Moment, time: ClientTime): boolean {
    if (!this.#latest) return false;
    const gap = time.between(this.#latest, poll);
    for (let loops = 2; loops <= Math.min(LOOPS, this.#gaps.length); loops++) {
      const [turn = Number.NaN, ...between] = this.#gaps.slice(-loops);
      if (areAlike(turn, gap) && between.some((other) => !areAlike(other, gap))) return true;
    }
    return false;
  }

  /** @param isFirst the poll is no further attempt at one that failed: such a one comes off the beat */
  note(poll: Moment, time: ClientTime, isFirst: boolean): void {
    if (this.#latest && isFirst) {
      if (this.#gaps.length === LOOPS) this.#gaps.shift();
      this.#gaps.push(time.between(this.#latest, poll));
    }
    this.#latest = poll;
  }
}

const areAlike = (one: number, other: number): boolean =>
  Math.abs(one - other) <= Math.max(SLACK_MS, SLACK_SHARE * Math.max(one, other));
