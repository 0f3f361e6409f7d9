import type { JournalEvent } from '../../server/journal.ts';
import type { AdminReply } from './mock-process.ts';

/** As many as one answer holds. */
const EVENTS_AT_ONCE = 10_000;
/** How many events before a bug are shown with it. */
const CONTEXT_EVENTS = 12;

interface Page {
  readonly events: readonly JournalEvent[];
  readonly next: number;
  readonly missed: number;
}

/** A failure of the mock itself, and what came before it. */
export interface Bug {
  readonly event: JournalEvent<'bug'>;
  readonly before: readonly JournalEvent[];
}

/** The ends of one lane's connections, read from its journal before the ring drops them. */
export class Ledger {
  readonly bugs: Bug[] = [];
  /** Events that the ring dropped before they were read: with any, nothing is proven. */
  missed = 0;
  requests = 0;
  /** Where each connection came from. */
  readonly #remotes = new Map<number, string>();
  readonly #ends = new Map<number, JournalEvent[]>();
  /** Requests that came on a connection that had ended. */
  readonly #late: JournalEvent<'request.received'>[] = [];
  #latest: readonly JournalEvent[] = [];
  #since = 0;

  /** Reads what is new.
   * @param path the lane's part of the admin API: empty for the main one */
  async read(path: string, call: (call: string) => Promise<AdminReply>): Promise<void> {
    for (;;) {
      const { status, text } = await call(`GET ${path}/events?since=${this.#since}&limit=${EVENTS_AT_ONCE}`);
      // The lane is over.
      if (status === 404) return;
      const { events, next, missed } = JSON.parse(text) as Page;
      this.missed += missed;
      this.#since = next;
      this.#latest = [...this.#latest.slice(-CONTEXT_EVENTS), ...events];
      for (const event of events) this.#take(event);
      if (events.length < EVENTS_AT_ONCE) return;
    }
  }

  /** Where a connection came from. */
  remoteOf(connection: number | undefined): string | undefined {
    return connection === undefined ? undefined : this.#remotes.get(connection);
  }

  /** Connections that the journal does not say opened once and ended once, and no request after that, each with its events. */
  get crooked(): readonly string[] {
    const unheard = [...this.#ends.keys()].filter((id) => !this.#remotes.has(id));
    return [
      ...unheard.map((id) => `connection ${id} ended, and was never opened`),
      ...this.#late.map((request) => `a request came on a connection that had ended: ${JSON.stringify(request)}`),
      ...[...this.#remotes.keys()].flatMap((id) => {
        const ends = this.#ends.get(id) ?? [];
        return ends.length === 1 ? [] : `connection ${id} ended ${ends.length} times: ${JSON.stringify(ends)}`;
      }),
    ];
  }

  /** Whether the end of a connection is still to come. */
  get isOpen(): boolean {
    for (const id of this.#remotes.keys()) if (!this.#ends.has(id)) return true;
    return false;
  }

  /** How many connections there were. */
  get size(): number {
    return this.#remotes.size;
  }

  #take(event: JournalEvent): void {
    switch (event.type) {
      case 'connection.opened':
        this.#remotes.set(event.connection, event.remote);
        return;
      case 'connection.ended':
      case 'connection.handed-over': {
        const ends = this.#ends.get(event.connection) ?? [];
        this.#ends.set(event.connection, [...ends, event]);
        return;
      }
      case 'request.received':
        this.requests++;
        if (this.#ends.has(event.connection)) this.#late.push(event);
        return;
      case 'bug': {
        const at = this.#latest.indexOf(event);
        this.bugs.push({ event, before: this.#latest.slice(Math.max(0, at - CONTEXT_EVENTS), at) });
        return;
      }
    }
  }
}
