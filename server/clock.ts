import { createClock, type Clock as FakeClock } from '@sinonjs/fake-timers';
import { guarded } from './guarded.ts';

/** A timer that has not fired yet. Cancelling twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

interface Pending {
  readonly dueMs: number;
  readonly run: () => void;
  readonly watching: boolean;
  disarm: () => void;
}

/** Real time that never goes back, in milliseconds: for limits that hold while a lane's time stands still, too. */
export const monotonicNow = (): number => performance.now();

/** What a watch calls; a step of a manual clock waits for the promise that it may return. */
type Look = () => Promise<void> | undefined | void;

/** Node's timers overflow above this and fire at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** However fast the lane's time runs, looking around more often than this in real time would only burn the processor. */
const WATCH_REAL_MS_AT_LEAST = 5;

/** A manual clock turns the event loop once per timer; looking more often would make long steps slow. */
const MANUAL_WATCH_MS = 100;

/**
 * The time of one lane: real, `speed` times as fast as real, or manual (it stands still until it is advanced).
 * The mode can change while timers are pending; each keeps the lane time at which it is due.
 */
export class Clock {
  readonly #startedMs = this.wallNow();
  readonly #startedMonotonicMs = performance.now();
  #anchorLaneMs = this.#startedMs;
  #anchorMonotonicMs = this.#startedMonotonicMs;
  #speed: number;
  #manual: FakeClock | undefined;
  readonly #pending = new Set<Pending>();
  readonly #watchers = new Set<Look>();
  readonly #armed = new Set<() => void>();
  readonly #listeners = new Set<() => void>();
  #onError: ((error: unknown) => void) | undefined;

  constructor({ speed = 1, mode = 'real' }: { speed?: number; mode?: 'real' | 'manual' } = {}) {
    this.#speed = speed;
    if (mode === 'manual') this.setManual();
  }

  get mode(): 'real' | 'manual' {
    return this.#manual ? 'manual' : 'real';
  }

  /** How many lane seconds pass in one real second; meaningless while the clock is manual. */
  get speed(): number {
    return this.#speed;
  }

  /** Calls `hear` after each change of mode or speed. */
  onChange(hear: () => void): void {
    this.#listeners.add(hear);
  }

  /** Hands errors of what the clock calls to `onError`, the last one given; without one they are thrown. */
  guard(onError: (error: unknown) => void): void {
    this.#onError = onError;
  }

  /** Lane time, in Unix milliseconds. It follows the monotonic clock, so a corrected system time moves no deadline. */
  now(): number {
    if (this.#manual) return this.#manual.now;
    return this.#anchorLaneMs + (performance.now() - this.#anchorMonotonicMs) * this.#speed;
  }

  /** The machine's time, in Unix milliseconds: what a client's own clock is compared with. */
  wallNow(): number {
    return Date.now();
  }

  /** Real time, in Unix milliseconds, which never goes back: lane time, had it always run at speed 1. */
  realNow(): number {
    return this.#startedMs + (performance.now() - this.#startedMonotonicMs);
  }

  /** Calls `run` once, `ms` of lane time from now. */
  after(ms: number, run: () => void): Timer {
    return this.#schedule(ms, run, false);
  }

  /** Resolves `ms` of lane time from now, or as soon as `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const timer = this.after(ms, () => done());
      const done = () => {
        timer.cancel();
        signal?.removeEventListener('abort', done);
        resolve();
      };
      signal?.addEventListener('abort', done, { once: true });
    });
  }

  /**
   * Calls `look` every `everyMs` of lane time. A manual clock also calls it before and after each step, so that what
   * happened while time stood still is seen at the moment at which it happened, and a deadline is met to the millisecond.
   */
  watch(everyMs: number, look: Look): Timer {
    let timer: Timer;
    const arm = () => {
      const leastMs = this.#manual ? MANUAL_WATCH_MS : WATCH_REAL_MS_AT_LEAST * this.#speed;
      timer = this.#schedule(Math.max(everyMs, leastMs), again, true);
    };
    const again = () => {
      arm();
      void look();
    };
    arm();
    this.#watchers.add(look);
    return {
      cancel: () => {
        timer.cancel();
        this.#watchers.delete(look);
      },
    };
  }

  /** Runs on from the present lane time, `speed` times as fast as real time. */
  setSpeed(speed: number): void {
    this.#rearm(() => {
      this.#speed = speed;
      this.#manual = undefined;
    });
  }

  /** Stops the lane's time; only `advance` moves it. */
  setManual(): void {
    this.#rearm((nowMs) => {
      // In whole milliseconds, and not back in time.
      this.#manual = createClock(Math.ceil(nowMs));
    });
  }

  /** Moves a manual clock, firing what falls due in order, with the promises and I/O callbacks between.
   * @throws Error when the clock is not manual
   * @throws RangeError for what is no time to come */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY)) throw new RangeError(`Time cannot be advanced by ${ms} ms.`);
    if (!this.#manual) throw new Error('Only a manual clock can be advanced: start with `clock: manual`.');
    await this.#lookNow();
    await this.#manual.tickAsync(ms);
    await this.#lookNow();
  }

  /** Resolves once something waits for exactly `ms` more of lane time, which tells a test that the server got there. */
  async waiting(ms: number): Promise<void> {
    const reached = () => [...this.#pending].some((timer) => !timer.watching && timer.dueMs - this.now() === ms);
    while (!reached()) await new Promise<void>((resolve) => this.#armed.add(resolve));
  }

  async #lookNow(): Promise<void> {
    await Promise.all([...this.#watchers].map((look) => look()));
  }

  #schedule(ms: number, run: () => void, watching: boolean): Timer {
    const pending: Pending = { dueMs: this.now() + ms, run, watching, disarm: () => {} };
    this.#pending.add(pending);
    this.#arm(pending);
    if (!watching) {
      for (const wake of this.#armed) wake();
      this.#armed.clear();
    }
    return {
      cancel: () => {
        pending.disarm();
        this.#pending.delete(pending);
      },
    };
  }

  #arm(pending: Pending): void {
    const leftMs = Math.max(0, pending.dueMs - this.now());
    const fire = () => {
      this.#pending.delete(pending);
      this.#run(pending.run);
    };
    const manual = this.#manual;
    if (manual) {
      const id = manual.setTimeout(fire, leftMs);
      pending.disarm = () => manual.clearTimeout(id);
      return;
    }
    // Node fires up to 1 ms early, and at once above its limit: what comes before its time is armed again.
    const look = () => (this.now() < pending.dueMs ? this.#arm(pending) : fire());
    const id = setTimeout(look, Math.min(Math.ceil(leftMs / this.#speed), MAX_TIMEOUT_MS));
    id.unref();
    pending.disarm = () => clearTimeout(id);
  }

  #run(run: () => void): void {
    if (this.#onError) guarded(this.#onError, run)();
    else run();
  }

  #rearm(change: (nowMs: number) => void): void {
    const nowMs = this.now();
    for (const pending of this.#pending) pending.disarm();
    change(nowMs);
    this.#anchorLaneMs = nowMs;
    this.#anchorMonotonicMs = performance.now();
    for (const pending of this.#pending) this.#arm(pending);
    for (const hear of this.#listeners) hear();
  }
}
