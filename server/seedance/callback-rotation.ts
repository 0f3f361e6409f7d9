import type { Timer } from '../clock.ts';
import type { Lane } from '../lane.ts';

/** So many time-outs in a row take a receiver out of rotation (reference, D4). */
export const TIMEOUTS_IN_A_ROW = 5;

/** How many tries may wait for one receiver; more fail at once, and say so. */
export const MAX_HELD_TRIES = 1_000;

/** How a try ended, as far as rotation goes: any answer counts, whatever it says. */
export type RotationOutcome = 'answered' | 'timed-out' | 'failed';

/** Leave to call a receiver. */
export interface Pass {
  /** Whether it still holds: its receiver may have gone out of rotation since. */
  holds(): boolean;
  /** Says what came of the try. */
  settle(outcome: RotationOutcome): void;
}

/** A receiver that is out of rotation. */
interface Pause {
  readonly sinceMs: number;
  /** While nobody may call it; undefined once one may, to find out. */
  timer: Timer | undefined;
  /** That one, while it does. */
  probe: Pass | undefined;
  /** Those that wait, in their order. */
  readonly line: ((pass: Pass | 'called-off') => void)[];
}

/** What is remembered of a receiver that has timed out. */
interface Standing {
  timeouts: number;
  pause?: Pause;
}

/**
 * Takes receivers out of rotation and lets them back in (reference, D4), as a circuit breaker does. Five time-outs in a row and a
 * receiver rests; tries that fall in its pause wait for it. The first one after the pause decides: an answer, whatever it says,
 * brings the receiver back and lets the others go, in their order; none takes it out for another pause.
 */
export class Rotation {
  readonly #lane: Lane;
  /** By origin; only those that have timed out last, so that it does not grow with every receiver there ever was. */
  readonly #standings = new Map<string, Standing>();

  constructor(lane: Lane) {
    this.#lane = lane;
  }

  /**
   * Resolves with leave to call a receiver, at once or once its pause is over; `onHeld` is told when it has to wait, and as which in
   * line. `full`: too many wait already. `called-off`: `clear` was called meanwhile.
   */
  async enter(receiver: string, onHeld: (place: number) => void): Promise<Pass | 'full' | 'called-off'> {
    const pause = this.#standings.get(receiver)?.pause;
    if (!pause) return this.#passTo(receiver);
    if (!pause.timer && !pause.probe) {
      pause.probe = this.#passTo(receiver);
      return pause.probe;
    }
    if (pause.line.length >= MAX_HELD_TRIES) return 'full';
    const waiting = new Promise<Pass | 'called-off'>((resolve) => pause.line.push(resolve));
    onHeld(pause.line.length);
    return waiting;
  }

  /** Lets every receiver back in, and calls off what waits. */
  clear(): void {
    for (const { pause } of this.#standings.values()) {
      pause?.timer?.cancel();
      for (const release of pause?.line ?? []) release('called-off');
    }
    this.#standings.clear();
  }

  #passTo(receiver: string): Pass {
    const pass: Pass = {
      holds: () => {
        const pause = this.#standings.get(receiver)?.pause;
        return pause === undefined || pause.probe === pass;
      },
      settle: (outcome) => this.#settle(receiver, pass, outcome),
    };
    return pass;
  }

  #settle(receiver: string, pass: Pass, outcome: RotationOutcome): void {
    const standing = this.#standings.get(receiver) ?? { timeouts: 0 };
    const { pause } = standing;
    if (pause) {
      // What was sent before the pause began decides nothing: the probe does.
      if (pause.probe === pass) this.#judgeProbe(receiver, standing, pause, outcome);
      return;
    }
    if (outcome !== 'timed-out') {
      this.#standings.delete(receiver);
      return;
    }
    standing.timeouts++;
    this.#standings.set(receiver, standing);
    const { clock, scenario } = this.#lane;
    if (standing.timeouts < TIMEOUTS_IN_A_ROW || scenario.callbacks.pause === 0) return;
    standing.pause = { sinceMs: clock.now(), timer: undefined, probe: undefined, line: [] };
    this.#rest(receiver, standing, standing.pause);
  }

  #judgeProbe(receiver: string, standing: Standing, pause: Pause, outcome: RotationOutcome): void {
    pause.probe = undefined;
    if (outcome === 'timed-out') standing.timeouts++;
    if (outcome !== 'answered') return this.#rest(receiver, standing, pause);
    const { clock, journal } = this.#lane;
    this.#standings.delete(receiver);
    const outMs = Math.round(clock.now() - pause.sinceMs);
    journal.append({ type: 'receiver.resumed', receiver, outMs, held: pause.line.length });
    for (const release of pause.line) release(this.#passTo(receiver));
  }

  #rest(receiver: string, { timeouts }: Standing, pause: Pause): void {
    const { clock, journal, scenario } = this.#lane;
    const pauseMs = scenario.callbacks.pause;
    journal.append({ type: 'receiver.paused', receiver, timeouts, pauseMs });
    pause.timer = clock.after(pauseMs, () => {
      pause.timer = undefined;
      const first = pause.line.shift();
      if (!first) return;
      pause.probe = this.#passTo(receiver);
      first(pause.probe);
    });
  }
}
