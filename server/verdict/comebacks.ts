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
  /** What was cut and has not come back; empty where the connection ended before its first request. */
  readonly calls: Map<Call, Request>;
  /** The first request of another call on a new connection: the next attempt, if what was cut never comes back. */
  other?: JournalEvent<'request.received'>;
}

/** From when on a client may know of a failure. Of a connection that was closed in order the journal tells once both sides have closed
 * it: the client may have waited before it did. */
export const knownSince = (failed: Comeback['failed'], time: ClientTime) =>
  failed.type === 'connection.ended' && failed.how === 'fin' ? time.before(failed, failed.idleMs) : failed;

/** A connection that is there so soon after a failure may have been on its way before. */
const UNDER_WAY_MS = 50;
/** How many failures wait for a comeback, or for what becomes clear of one. */
const KEPT = 100;

/**
 * Pairs each failure of the service with the client's next attempt, as they come.
 * - A connection that was cut amid calls: the next attempt is the first of these calls that comes
 *   again on a connection that was opened after it. On one that the client had before, it needs no
 *   wait. What never comes again was followed by the first request on a new connection, unless the
 *   client uses several connections at a time: then that was work in parallel.
 * - A connection that was cut before its first request: the first request on a new connection, or
 *   the opening of one that is cut as early, while the client has no other.
 * - An answer that asks to try again, without saying when: the next one at the same call.
 * A connection that a rule cut too soon, for the lane's clock ran ahead of the client's, is left out.
 * Failures count in a row along what failed: a call, or a connection that came back for one. An
 * answer that is no failure starts the count over.
 */
export class Comebacks {
  readonly #time: ClientTime;
  readonly #found: (comeback: Comeback) => void;
  readonly #open = new Set<Connection>();
  readonly #refused = new Map<Call, Failure>();
  /** The latest failure of each open call, and of what each connection came back from. */
  readonly #streaks = new Map<Call | Connection, Failure>();
  readonly #losses = new Set<Loss>();
  /** Openings so soon after a failure that they are comebacks only if the client has one connection at a time. */
  #early: Comeback[] = [];
  #isParallel = false;
  /** When the service last answered well. */
  #servedAt = 0;

  constructor(time: ClientTime, found: (comeback: Comeback) => void) {
    this.#time = time;
    this.#found = found;
  }

  opened(connection: Connection): void {
    this.#open.add(connection);
    if (this.#open.size > 1) this.#noteParallel();
  }

  /** @param call what the request is an attempt at */
  request(request: Request, call: Call): void {
    const { received } = request;
    const refused = this.#refused.get(call);
    if (refused && received.seq > refused.failed.seq) {
      this.#refused.delete(call);
      this.#found({ ...refused, attempt: received });
    }
    for (const loss of this.#losses) if (received.seq > loss.failed.seq) this.#noteAfter(loss, request, call);
  }

  answered({ answer, received }: Request, call: Call): void {
    if (!answer) return;
    if (!isRefusal(answer)) this.#servedAt = Math.max(this.#servedAt, received.seq);
    else if (answer.retryAfterMs === undefined) {
      const failure = { failed: answer, streak: this.#streakAfter(call) };
      this.#refused.set(call, failure);
      this.#streaks.set(call, failure);
    }
  }

  callOver(call: Call): void {
    this.#refused.delete(call);
    this.#streaks.delete(call);
    for (const loss of this.#losses) {
      if (!loss.calls.delete(call) || loss.calls.size > 0) continue;
      this.#losses.delete(loss);
      const comeback = this.#withoutReturn(loss);
      if (comeback) this.#found(comeback);
    }
  }

  /** @param calls those that were cut with it */
  ended(connection: Connection, calls: ReadonlyMap<Call, Request>): void {
    const { ended, opened } = connection;
    this.#open.delete(connection);
    const streak = this.#streakAfter(connection, ...calls.keys());
    this.#streaks.delete(connection);
    if (!ended || !isCutOff(ended) || isHurriedOff(connection, this.#time)) return;
    if (isCutAtStart(connection)) {
      const loss = this.#lossAtStart();
      // Cut at the same time as another, it is the same failure.
      if (loss && (!opened || opened.seq < loss.failed.seq)) return;
      const isComeback = loss !== undefined && opened !== undefined && this.#settle(loss, opened, connection);
      this.#streaks.delete(connection);
      this.#lose({ failed: ended, streak: isComeback ? loss.streak + 1 : streak, calls: new Map() });
    } else if (calls.size > 0) {
      for (const call of calls.keys()) this.#streaks.set(call, { failed: ended, streak });
      this.#lose({ failed: ended, streak, calls: new Map(calls) });
    }
  }

  /** Comebacks that more events may show to be none. */
  *pending(): Iterable<Comeback> {
    if (this.#isParallel) return;
    yield* this.#early;
    for (const loss of this.#losses) yield* [this.#withoutReturn(loss) ?? []].flat();
  }

  #noteAfter(loss: Loss, request: Request, call: Call): void {
    const { connection, received } = request;
    const { opened } = connection;
    const isNew = opened !== undefined && opened.seq > loss.failed.seq;
    const cut = loss.calls.get(call);
    if (cut || loss.calls.size === 0) {
      if (isNew) this.#settle(loss, received, connection, cut && isTransportRetry(cut, request, this.#time));
      else if (cut) this.#losses.delete(loss);
    } else if (isNew && this.#time.between(loss.failed, opened) >= UNDER_WAY_MS) loss.other ??= received;
  }

  /** @returns whether it was a comeback, as far as is known */
  #settle(loss: Loss, attempt: Comeback['attempt'], connection: Connection, resent = false): boolean {
    this.#losses.delete(loss);
    const { failed, streak, calls } = loss;
    const isAtStart = calls.size === 0;
    const since = knownSince(failed, this.#time) ?? failed;
    const isUnderWay = isAtStart && this.#time.between(since, connection.opened ?? attempt) < UNDER_WAY_MS;
    // Another connection is there, and this one need not have to do with the failure.
    if (isAtStart && (this.#hasOlder(loss) || (isUnderWay && this.#isParallel))) return false;
    this.#streaks.set(connection, loss);
    const comeback: Comeback = { failed, streak, attempt, ...(resent && { resent }) };
    if (isUnderWay && this.#early.length < KEPT) this.#early.push(comeback);
    else this.#found(comeback);
    return true;
  }

  #withoutReturn({ failed, streak, other }: Loss): Comeback | undefined {
    return other && !this.#isParallel ? { failed, streak, attempt: other } : undefined;
  }

  #noteParallel(): void {
    this.#isParallel = true;
    this.#early = [];
  }

  #lose(loss: Loss): void {
    this.#losses.add(loss);
    if (this.#losses.size > KEPT) for (const oldest of this.#losses) return void this.#losses.delete(oldest);
  }

  #lossAtStart(): Loss | undefined {
    for (const loss of this.#losses) if (loss.calls.size === 0) return loss;
    return undefined;
  }

  #streakAfter(...failing: readonly (Call | Connection)[]): number {
    const before = failing.flatMap((one) => this.#streaks.get(one) ?? []);
    return 1 + Math.max(0, ...before.map(({ failed, streak }) => (failed.seq > this.#servedAt ? streak : 0)));
  }

  #hasOlder({ failed }: Loss): boolean {
    for (const { opened } of this.#open) if ((opened?.seq ?? 0) < failed.seq) return true;
    return false;
  }
}
