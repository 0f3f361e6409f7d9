import type { JournalEvent } from './journal.ts';

/** What became of tasks. */
export interface TaskCounts {
  readonly created: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly expired: number;
  /** Given up by the dispatcher, and not expired yet. */
  readonly dropped: number;
}

type Ended = Pick<TaskCounts, 'succeeded' | 'failed' | 'expired' | 'dropped'>;

/** How many tasks have come to an end that was not their client's: one that was dropped has, though Get says otherwise for days. */
export const countEnded = ({ succeeded, failed, expired, dropped }: Ended): number =>
  succeeded + failed + expired + dropped;

/** The share of those that succeeded; absent while there is none. */
export function successRateOf(counts: Ended): number | undefined {
  const ended = countEnded(counts);
  return ended === 0 ? undefined : counts.succeeded / ended;
}

/** Counts tasks by the journal, as it grows. */
export class TaskTally {
  readonly #counts = { created: 0, succeeded: 0, failed: 0, expired: 0 };
  readonly #dropped = new Set<string>();

  learn(event: JournalEvent): void {
    switch (event.type) {
      case 'task.created':
        this.#counts.created++;
        break;
      case 'task.dropped':
        this.#dropped.add(event.task);
        break;
      case 'task.changed':
        this.#dropped.delete(event.task);
        if (event.to === 'succeeded' || event.to === 'failed' || event.to === 'expired') this.#counts[event.to]++;
        break;
      case 'task.deleted':
        this.#dropped.delete(event.task);
        break;
    }
  }

  get counts(): TaskCounts {
    return { ...this.#counts, dropped: this.#dropped.size };
  }
}
