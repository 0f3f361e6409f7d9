import type { JournalEvent } from '../journal.ts';
import { type Call, type CallBook, isTransportRetry } from './calls.ts';
import type { ClientTime } from './client-time.ts';
import { type Connection, isCutAtStart, isCutOff, isHurriedOff, isRefusal, type Request } from './facts.ts';
import { targetOf } from './paths.ts';

/** A failure of the service, and how the client came back from it. */
export interface Comeback {
  readonly failed: JournalEvent<'connection.ended' | 'response.sent'>;
  /** The first request of the next attempt, or the opening of a connection that was cut before one. */
  readonly attempt: JournalEvent<'connection.opened' | 'request.received'>;
  /** How many times in a row the service has failed by now, from 1. */
  readonly streak: number;
  /** The HTTP library sent the request again by itself. */
  readonly resent?: true;
  /** How long the handshake of its connection took, which was opened after the failure: the client waited for that, or meanwhile. */
  readonly handshakeMs?: number;
  /** It is a create that differs from the failed one in its seed or mark: another attempt at it, or another video. */
  readonly changed?: true;
  /** A connection of a client that has several at a time, after one that was cut at its start: it may have been opened for something
   * else. Of as many as it has at a time, all but one may be. */
  readonly perhaps?: true;
}

interface Failure {
  readonly failed: Comeback['failed'];
  readonly streak: number;
}

interface Loss extends Failure {
  /** How many times in a row what was cut has failed, whatever its connection came back from. */
  readonly ownStreak: number;
  /** What was cut and has not come back; empty where the connection ended before its first request. */
  readonly calls: Map<Call, Request>;
  /** The first request of another call on a new connection. */
  other?: JournalEvent<'request.received'>;
}

/** How a client came back that does one thing after the other, and how one did that works in parallel. */
interface Readings {
  readonly sequential: Comeback | undefined;
  readonly parallel: Comeback | undefined;
}

/** From when on a client may know of a failure. Of a connection that was closed in order the journal tells once both sides have closed
 * it: the client may have waited before it did. */
export const knownSince = (failed: Comeback['failed'], time: ClientTime) =>
  failed.type === 'connection.ended' && failed.how === 'fin' ? time.before(failed, failed.idleMs) : failed;

/** A connection that is there so soon after a failure may have been on its way before. */
const UNDER_WAY_MS = 50;
/** How many failures wait until it is clear how their client works. */
const KEPT = 100;

/**
 * Pairs each failure of the service with the client's next attempt, as they come.
 * - A connection that was cut amid calls, or before its first request: the next attempt is the first
 *   request on a connection that was opened after it, or the opening of one that is cut as early.
 *   On a connection that the client had before, it needs no wait. A client that has several calls or
 *   connections at a time works in parallel: only one of the calls that were cut is an attempt, and
 *   what was opened at the same time as a connection that was cut is none.
 * - An answer that asks to try again, without saying when: the next one at the same call.
 * A connection that a rule cut too soon, for the lane's clock ran ahead of the client's, is left out.
 * Failures count in a row along what failed: a call, or in a client that does one thing after the
 * other, its connections. An answer that is no failure starts the count over.
 */
export class Comebacks {
  readonly #time: ClientTime;
  readonly #calls: CallBook;
  readonly #found: (comeback: Comeback) => void;
  readonly #open = new Set<Connection>();
  readonly #refused = new Map<Call, Failure>();
  /** The latest failure of each open call, and of what each connection came back from. */
  readonly #streaks = new Map<Call | Connection, Failure>();
  readonly #losses = new Set<Loss>();
  /** What depends on how the client works. */
  readonly #unclear: Readings[] = [];
  readonly #underWay = new Set<Request>();
  #isParallel = false;
  /** When the service last answered well. */
  #servedAt = 0;

  constructor(time: ClientTime, calls: CallBook, found: (comeback: Comeback) => void) {
    this.#time = time;
    this.#calls = calls;
    this.#found = found;
  }

  opened(connection: Connection): void {
    this.#open.add(connection);
    if (this.#open.size > 1) this.#noteParallel();
  }

  /** A request came. */
  request(request: Request): void {
    const { received } = request;
    const call = this.#calls.known(request);
    for (const other of this.#underWay) if (!call || this.#calls.known(other) !== call) this.#noteParallel();
    if (!this.#isParallel) this.#underWay.add(request);
    if (call) this.#noteAttempt(request, call);
    if (this.#losses.size === 0) return;
    for (const loss of this.#losses) if (received.seq > loss.failed.seq) this.#noteAfter(loss, request, call);
  }

  #noteAttempt(request: Request, call: Call): void {
    const { received } = request;
    const refused = this.#refused.get(call);
    if (refused && received.seq > refused.failed.seq) {
      this.#refused.delete(call);
      this.#found({ ...refused, attempt: received });
    }
    const before = call.since && call.first === request ? this.#refused.get(call.since) : undefined;
    if (before) this.#found({ failed: before.failed, streak: 1, attempt: received, changed: true });
  }

  /** A request was answered or cut. */
  over(request: Request): void {
    if (!this.#isParallel) this.#underWay.delete(request);
  }

  answered(request: Request): void {
    const { answer, received } = request;
    if (!answer) return;
    if (!isRefusal(answer)) this.#servedAt = Math.max(this.#servedAt, received.seq);
    else if (answer.retryAfterMs === undefined) {
      const call = this.#calls.of(request);
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
      this.#note({ sequential: sequentialOf(loss), parallel: undefined });
    }
  }

  /** @param calls those that were cut with it */
  ended(connection: Connection, calls: ReadonlyMap<Call, Request>): void {
    const { ended, opened } = connection;
    this.#open.delete(connection);
    for (const [call, request] of calls) this.#forgetRefusal(call, request);
    const ownStreak = this.#streakAfter(...calls.keys());
    const streak = this.#streakAfter(connection, ...calls.keys());
    this.#streaks.delete(connection);
    if (!ended || !isCutOff(ended) || isHurriedOff(connection, this.#time)) return;
    if (isCutAtStart(connection)) {
      const loss = this.#lossAtStart();
      // Cut at the same time as another, it is the same failure.
      if (loss && (!opened || opened.seq < loss.failed.seq)) return;
      const next = loss && opened ? this.#comeBackAtStart(loss, opened, connection) : streak;
      this.#lose({ failed: ended, streak: next, ownStreak: next, calls: new Map() });
    } else if (calls.size > 0) {
      for (const call of calls.keys()) this.#streaks.set(call, { failed: ended, streak: ownStreak });
      this.#lose({ failed: ended, streak, ownStreak, calls: new Map(calls) });
    }
  }

  /** Comebacks as they are if nothing more comes. */
  *pending(): Iterable<Comeback> {
    for (const { sequential } of this.#unclear) if (sequential) yield sequential;
    if (this.#isParallel) return;
    for (const loss of this.#losses) yield* [sequentialOf(loss) ?? []].flat();
  }

  /** A refusal that was cut with its connection has not arrived: both are one failure. */
  #forgetRefusal(call: Call, { answer }: Request): void {
    const refused = this.#refused.get(call);
    if (!refused || refused.failed !== answer) return;
    this.#refused.delete(call);
    this.#streaks.set(call, { ...refused, streak: refused.streak - 1 });
  }

  #noteAfter(loss: Loss, request: Request, call: Call | undefined): void {
    const { connection, received } = request;
    const { opened } = connection;
    const isNew = opened !== undefined && opened.seq > loss.failed.seq;
    const cut = call && loss.calls.get(call);
    if (cut) {
      this.#losses.delete(loss);
      if (!isNew) return;
      const resent = isTransportRetry(cut, request, this.#time);
      const { secured } = connection;
      const own: Comeback = {
        failed: loss.failed,
        streak: loss.ownStreak,
        attempt: received,
        ...(secured && { handshakeMs: this.#time.between(opened, secured) }),
        ...(resent && { resent }),
      };
      // A List is the search for a lost create; other work says nothing of what was cut.
      const isSearch = loss.other !== undefined && targetOf(loss.other.path).isTasks;
      const sequential = isSearch ? sequentialOf(loss) : { ...own, streak: loss.streak };
      this.#streaks.set(connection, loss);
      this.#note({ sequential, parallel: isOther(cut, request) ? undefined : own });
    } else if (isNew && loss.calls.size === 0) this.#comeBackAtStart(loss, received, connection);
    else if (isNew && !loss.other && this.#time.between(loss.failed, opened) >= UNDER_WAY_MS) {
      loss.other = received;
      this.#streaks.set(connection, loss);
    }
  }

  /** @returns how many times in a row the service has failed if it fails again */
  #comeBackAtStart(loss: Loss, attempt: Comeback['attempt'], connection: Connection): number {
    this.#losses.delete(loss);
    const { failed, streak } = loss;
    // Another connection is there, and this one need not have to do with the failure.
    if (this.#hasOlder(loss)) return streak;
    this.#streaks.set(connection, loss);
    const since = knownSince(failed, this.#time) ?? failed;
    const isUnderWay = this.#time.between(since, connection.opened ?? attempt) < UNDER_WAY_MS;
    const comeback = { failed, streak, attempt };
    this.#note({ sequential: comeback, parallel: isUnderWay ? undefined : { ...comeback, perhaps: true } });
    return streak + 1;
  }

  #note({ sequential, parallel }: Readings): void {
    const isClear =
      sequential?.attempt === parallel?.attempt &&
      sequential?.streak === parallel?.streak &&
      sequential?.perhaps === parallel?.perhaps;
    if (this.#isParallel || isClear) return void (parallel && this.#found(parallel));
    this.#unclear.push({ sequential, parallel });
    const oldest = this.#unclear.length > KEPT ? this.#unclear.shift()?.sequential : undefined;
    if (oldest) this.#found(oldest);
  }

  #noteParallel(): void {
    this.#isParallel = true;
    this.#underWay.clear();
    for (const { parallel } of this.#unclear.splice(0)) if (parallel) this.#found(parallel);
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

const sequentialOf = ({ failed, streak, other }: Loss): Comeback | undefined =>
  other && { failed, streak, attempt: other };

/** Whether the trace ids say that two equal requests belong to different calls: other attempts of a call may have other ids, too. */
function isOther(one: Request, other: Request): boolean {
  const [a, b] = [one, other].map(({ received }) => received.traceparent?.split('-')[1]);
  return a !== undefined && b !== undefined && a !== b;
}
