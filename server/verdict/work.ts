import { setImmediate } from 'node:timers/promises';

/** Work that can rest after each of its steps, of which each is short. */
export type Steps<T> = Generator<void, T, void>;

/** Work that is done in turns with all else that the process has to do, or at once. */
export class Work<T> {
  readonly #steps: Steps<T>;
  readonly #stepsPerTurn: number;
  /** What came of it, once it is done: gives the result, or throws. */
  #outcome: (() => T) | undefined;

  /** @param stepsPerTurn some milliseconds' worth */
  constructor(steps: Steps<T>, stepsPerTurn: number) {
    this.#steps = steps;
    this.#stepsPerTurn = stepsPerTurn;
  }

  /** Does all that is left at once. */
  complete(): void {
    while (!this.#outcome) this.#go();
  }

  /** Does all that is left at once.
   * @throws what a step has thrown */
  finish(): T {
    for (;;) {
      if (this.#outcome) return this.#outcome();
      this.#go();
    }
  }

  /** Does some steps at a time, and resolves once all are done.
   * @throws what a step has thrown */
  async inTurns(): Promise<T> {
    for (;;) {
      this.#go();
      if (this.#outcome) return this.#outcome();
      await setImmediate();
    }
  }

  /** Does the steps of a turn. */
  #go(): void {
    try {
      for (let left = this.#stepsPerTurn; left > 0 && !this.#outcome; left--) {
        const { done, value } = this.#steps.next();
        if (done) this.#outcome = () => value;
      }
    } catch (error) {
      this.#outcome = () => {
        throw error;
      };
    }
  }
}
