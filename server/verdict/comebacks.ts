import type { JournalEvent } from '../journal.ts';
import { type Call, isTransportRetry } from './calls.ts';
import type { ClientTime } from './client-time.ts';
import { type Connection, isCutAtStart, isCutOff, isHurriedOff, isRefusal, type Request } from './facts.ts';

/** A failure of the service, and how the client came back from it. */
export interface Comeback {
  readonly failed: JournalEvent<'connection.ended' | 'response.sent'>;
  /** The first request of the next attempt, or the opening of a connection that was cut before one. */
  readonly attempt: JournalEvent<'connection.opened' | 'request.received'>;
  /** How many times in a row the service has failed by now, from 1. */
  readonly streak: number;
  /** The HTTP library sent the request again by itself. */
  readonly resent?: true;
}

interface Failure {
  readonly failed: Comeback['failed'];
  readonly streak: number;
}

interface Loss extends Failure {
  /** What was cut; empty where the connection ended before its first request. */
  readonly calls: ReadonlyMap<Call, Request>;
}

/** A connection that is there so soon after a failure may have been on its way before. */
const UNDER_WAY_MS = 50;

/**
 * Pairs each failure of the service with the client's next attempt, as they come.
 * - A connection that was cut amid calls, or before its first request: the next attempt is the first
 *   request on a connection that was opened after it, or the opening of one that is cut before its
 *   first request. While the client has another connection, only what was cut counts: on a new
 *   connection it is an attempt, on the other one it needs no wait.
 * - An answer that asks to try again, without saying when: the next attempt is the next one at the
 *   same call.
 * A connection that a rule cut too soon, for the lane's clock ran ahead of the client's, is left out.
 * Failures are counted by service, not by call: what is cut at the same time is one failure, and
 * an answer that is no failure starts the count over.
 */
export class Comebacks {
  readonly #time: ClientTime;
  readonly #found: (comeback: Comeback) => void;
  readonly #open = new Set<Connection>();
  readonly #refused = new Map<Call, Failure>();
  #loss: Loss | undefined;
  /** How often in a row connections have failed. */
  #streak = 0;
  /** When the service last answered well. */
  #servedAt = 0;

  constructor(time: ClientTime, found: (comeback: Comeback) => void) {
    this.#time = time;
    this.#found = found;
  }

  opened(connection: Connection): void {
    this.#open.add(connection);
  }

  /** @param call what the request is an attempt at */
  request(request: Request, call: Call): void {
    const { connection, received } = request;
    const refused = this.#refused.get(call);
    if (refused && received.seq > refused.failed.seq) {
      this.#refused.delete(call);
      this.#found({ ...refused, attempt: received });
    }
    const loss = this.#loss;
    if (!loss || received.seq < loss.failed.seq) return;
    const isNew = (connection.opened?.seq ?? 0) > loss.failed.seq;
    // What another call is sent on may have been under way when the failure came.
    const isCut = loss.calls.has(call) || loss.calls.size === 0;
    if (!isCut && isNew && connection.opened && this.#time.between(loss.failed, connection.opened) < UNDER_WAY_MS)
      return;
    if (loss.calls.has(call) || loss.calls.size === 0 || !this.#hasOlder(loss)) {
      const cut = loss.calls.get(call);
      const resent = cut !== undefined && isTransportRetry(cut, request, this.#time);
      this.#settle(loss, isNew && received, resent);
    }
  }

  answered({ answer, received }: Request, call: Call): void {
    if (!answer) return;
    if (!isRefusal(answer)) {
      this.#servedAt = answer.seq;
      if (received.seq > (this.#loss?.failed.seq ?? 0)) this.#streak = 0;
    } else if (answer.retryAfterMs === undefined) {
      const before = this.#streaks.get(call);
      const streak = before && before.failed.seq > this.#servedAt ? before.streak + 1 : 1;
      this.#refused.set(call, { failed: answer, streak });
      this.#streaks.set(call, { failed: answer, streak });
    }
  }

  readonly #streaks = new Map<Call, Failure>();

  callOver(call: Call): void {
    this.#refused.delete(call);
    this.#streaks.delete(call);
  }

  /** @param calls those that were cut with it */
  ended(connection: Connection, calls: ReadonlyMap<Call, Request>): void {
    const { ended, opened } = connection;
    this.#open.delete(connection);
    if (!ended || !isCutOff(ended) || isHurriedOff(connection, this.#time)) return;
    const atStart = isCutAtStart(connection);
    if (!atStart && calls.size === 0) return;
    const loss = this.#loss;
    if (loss) {
      // Cut at the same time as another, it is the same failure.
      if (!atStart || !opened || opened.seq < loss.failed.seq) return;
      this.#settle(loss, opened);
    }
    this.#loss = { failed: ended, streak: this.#streak + 1, calls };
  }

  #settle(loss: Loss, attempt: Comeback['attempt'] | false, resent = false): void {
    this.#loss = undefined;
    this.#streak = loss.streak;
    if (attempt) this.#found({ failed: loss.failed, streak: loss.streak, attempt, ...(resent && { resent }) });
  }

  #hasOlder({ failed }: Loss): boolean {
    for (const { opened } of this.#open) if ((opened?.seq ?? 0) < failed.seq) return true;
    return false;
  }
}
