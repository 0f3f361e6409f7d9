import { reasonOf } from '../errors.ts';
import type { Journal, JournalEvent } from '../journal.ts';

/** How many items one request carries. */
export const MAX_BATCH_ITEMS = 512;

/** Where one kind of telemetry goes. */
export interface Outlet<T> {
  readonly signal: 'logs' | 'traces';
  /** What an event adds; called once for each, in their order. */
  readonly translate: (event: JournalEvent) => readonly T[];
  /** @throws Error when they have not arrived */
  readonly send: (items: readonly T[]) => Promise<void>;
}

/**
 * Sends what the journal says by one outlet, in batches. The journal is the ring buffer that events wait in: no more than a batch of
 * what they come to is kept here, nothing waits for the collector, and events that have to make room before they are read are counted
 * in the event `export.lost`.
 */
export class Feed<T> {
  readonly #journal: Journal;
  readonly #to: string;
  readonly #outlet: Outlet<T>;
  /** The last event that was read, or is lost. */
  #readSeq = 0;
  #waiting: readonly T[] = [];
  #failing = false;

  constructor(journal: Journal, to: string, outlet: Outlet<T>) {
    this.#journal = journal;
    this.#to = to;
    this.#outlet = outlet;
  }

  /** Sends what is new, up to the first failure: the next call tries again. */
  async flush(): Promise<void> {
    // Not what comes meanwhile, or a busy server would never let go.
    const lastSeq = this.#journal.seq;
    for (;;) {
      this.#read(lastSeq);
      if (this.#waiting.length === 0) return;
      const batch = this.#waiting.slice(0, MAX_BATCH_ITEMS);
      const reason = await this.#send(batch);
      if (reason !== undefined) return this.#noteFailure(reason);
      this.#failing = false;
      this.#waiting = this.#waiting.slice(batch.length);
    }
  }

  /** Reads on until there is a batch to send. */
  #read(lastSeq: number): void {
    while (this.#waiting.length < MAX_BATCH_ITEMS && this.#readSeq < lastSeq) {
      this.#noteLoss();
      const room = MAX_BATCH_ITEMS - this.#waiting.length;
      const events = this.#journal.events(undefined, this.#readSeq).slice(0, room);
      this.#waiting = [...this.#waiting, ...events.flatMap(this.#outlet.translate)];
      this.#readSeq = events.at(-1)?.seq ?? lastSeq;
    }
  }

  /** @returns why it failed, if it did */
  async #send(batch: readonly T[]): Promise<string | undefined> {
    try {
      await this.#outlet.send(batch);
      return undefined;
    } catch (error) {
      return reasonOf(error) || 'the collector did not take it';
    }
  }

  #noteLoss(): void {
    if (this.#journal.dropped <= this.#readSeq) return;
    // To say so takes the place of one more.
    const lost = this.#journal.dropped + 1 - this.#readSeq;
    this.#readSeq += lost;
    this.#journal.append({ type: 'export.lost', to: this.#to, signal: this.#outlet.signal, events: lost });
  }

  /** Once for a whole outage: the next try follows by itself. */
  #noteFailure(reason: string): void {
    const { signal } = this.#outlet;
    if (!this.#failing) this.#journal.append({ type: 'export.failed', to: this.#to, signal, reason });
    this.#failing = true;
  }
}
