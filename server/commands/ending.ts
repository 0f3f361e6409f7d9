import { setTimeout } from 'node:timers';
import { exitCodes } from '../verdict/verdict.ts';
import { renderInternalError } from './internal-error.ts';
import type { Host } from './output.ts';

/** How long a command that serves may take to end, in real time. With what follows, a process ends within 2 s of a signal. */
const END_WITHIN_MS = 1_700;
/** How long the process may live on when its command has ended: what is left in the event loop by then is of no use. */
const LINGER_MS = 100;

/**
 * How a command ends. One that serves hears signals, and errors that nothing caught, and has a limited time to close what
 * it opened; a second signal ends the process at once. Any other command ends at once where nothing catches an error.
 */
export class Ending {
  /** The exit code if the time runs out now. */
  exitCode: number = exitCodes.pass;
  readonly #host: Host;
  readonly #begun = new AbortController();
  readonly #lastDeeds = new Set<() => void>();
  readonly #held = new Set<Promise<unknown>>();
  #serves = false;
  #signalled = false;
  #limit: NodeJS.Timeout | undefined;
  #failure: unknown;
  #failures = 0;

  constructor(host: Host) {
    this.#host = host;
    host.onUncaught((error) => {
      this.noteFailure(error);
      if (this.#serves) this.#begin();
      else this.#endAtOnce();
    });
  }

  /** Prepares for a command that opens what it has to close.
   * @returns a signal that aborts once the command has to end */
  serve(): AbortSignal {
    this.#serves = true;
    this.#host.onSignal(() => {
      if (this.#signalled) return this.#endAtOnce();
      this.#signalled = true;
      this.#begin();
    });
    return this.#begun.signal;
  }

  /** Notes a bug of ours, which makes the exit code 70. */
  noteFailure(failure: unknown): void {
    if (this.#failures === 0) this.#failure = failure;
    this.#failures++;
  }

  /** Does something, synchronously, if the process has to end before the command has.
   * @returns what calls it off */
  atLast(deed: () => void): () => void {
    this.#lastDeeds.add(deed);
    return () => this.#lastDeeds.delete(deed);
  }

  /** Limits the time that the command takes from now on. */
  limit(): void {
    const end = () => void Promise.allSettled(this.#held).then(() => this.#endAtOnce());
    this.#limit ??= setTimeout(end, END_WITHIN_MS).unref();
  }

  /** Lets the process live until work is done that has a limit of its own, also when the time has run out: a verdict on half a
   * million events may have taken all of it.
   * @returns what comes of the work */
  async hold<T>(work: Promise<T>): Promise<T> {
    this.#held.add(work);
    try {
      return await work;
    } finally {
      this.#held.delete(work);
    }
  }

  /** Notes that the command has ended, and prints the bug of ours that it met, if any.
   * @returns the exit code */
  finish(exitCode: number): number {
    clearTimeout(this.#limit);
    this.#lastDeeds.clear();
    const truth = this.#conclude(exitCode);
    if (this.#serves) setTimeout(() => this.#host.exit(truth), LINGER_MS).unref();
    return truth;
  }

  #begin(): void {
    this.limit();
    this.#begun.abort();
  }

  #endAtOnce(): void {
    for (const deed of this.#lastDeeds) {
      try {
        deed();
      } catch (error) {
        this.noteFailure(error);
      }
    }
    this.#host.exit(this.#conclude(this.exitCode));
  }

  #conclude(exitCode: number): number {
    if (this.#failures === 0) return exitCode;
    this.#host.stderr.write(renderInternalError(this.#failure, this.#failures - 1));
    return exitCodes.internal;
  }
}
