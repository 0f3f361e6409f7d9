import type { JournalEvent } from '../journal.ts';
import type { ClientTime } from './client-time.ts';
import {
  bringsBody,
  endOf,
  hasFailed,
  isLeft,
  isRefusal,
  isWhole,
  mayRepeat,
  mayStillRepeat,
  type Request,
} from './facts.ts';
import type { Target } from './paths.ts';
import { PROOFS_KEPT } from './tally.ts';

/** How the attempts of a call are known to belong together, the surest first. */
export type Bond = 'idempotency key' | 'client request id' | 'trace id' | 'repetition';

const NO_STRINGS: readonly string[] = [];
const NO_TASKS: readonly JournalEvent<'task.created'>[] = [];

/** What a client wanted once. Of its attempts the latest is kept, and what the others came to. A class, as `Request` is. */
export class Call {
  readonly method: string;
  readonly target: Target;
  /** Without the query. */
  readonly path: string;
  /** How many there were. */
  attempts = 1;
  /** How many of them have not ended yet. */
  underWay = 0;
  first: Request;
  last: Request;
  /** Absent while there is one attempt. */
  bond?: Bond;
  /** The end of the first attempt, if it failed. */
  failure?: JournalEvent;
  /** The first answer that was no failure. */
  success: JournalEvent<'response.sent'> | undefined;
  /** The latest refusal that asked to wait. */
  refusal: JournalEvent<'response.sent'> | undefined;
  /** Tasks that its attempts made, the latest of them. */
  tasks = NO_TASKS;
  taskCount = 0;
  /** Its client has asked for a task of it. */
  known?: true;
  /** An attempt made a task, and its answer did not say so. */
  lostTask?: true;
  /** The digest of the last body that was read. */
  digest?: string;
  /** A later create that wants the same, with another seed or mark: another attempt at this one, or another video. */
  again?: Request;
  /** The failed create that this one may be another attempt at, while nothing may be one at this. */
  since?: Call;
  /** The first request of those that it may be another attempt at. */
  origin?: Request;

  constructor(request: Request) {
    this.method = request.received.method;
    this.target = request.target;
    this.path = request.target.path;
    this.first = request;
    this.last = request;
  }
}

/** How long after a failed attempt, and what that asked to wait, the same request still is another attempt at it, in the client's
 * time. */
export const REPEATED_WITHIN_MS = 120_000;
/** How long a call that is over is remembered by its keys, in the client's time, and how many of them, per client. */
const KEYED_FOR_MS = 1_200_000;
const KEYED_CALLS = 1_000;

/** HTTP libraries send again at once. */
const RESENT_WITHIN_MS = 50;

/** Whether the HTTP library sent a request again by itself, as Chromium, OkHttp and Go do: at once, byte for byte and with the same
 * ids, on another connection, after a used one was cut without an answer. Otherwise the application has called again. */
export function isTransportRetry(earlier: Request, later: Request, time: ClientTime): boolean {
  const { connection, cut } = earlier;
  if (cut === undefined || isWhole(earlier) || isLeft(earlier) || connection.served === undefined) return false;
  const keys = ({ received, body }: Request) =>
    JSON.stringify([
      received.idempotencyKey,
      received.clientRequestId,
      received.traceparent,
      received.asyncTraceId,
      body?.digest,
    ]);
  return isAtOnce(cut, later, time) && connection !== later.connection && keys(earlier) === keys(later);
}

/** Whether a request came right after a cut, but for the handshake of a connection that was opened for it. */
function isAtOnce(
  cut: JournalEvent,
  { connection: { opened, secured }, received }: Request,
  time: ClientTime,
): boolean {
  const isSoon = (from: JournalEvent, to: JournalEvent) => time.between(from, to) < RESENT_WITHIN_MS;
  if (!opened || !secured || opened.seq < cut.seq) return isSoon(cut, received);
  return isSoon(cut, opened) && isSoon(secured, received);
}

/** In place of the digest of a body. */
const UNREAD = '';

/** A call, and what others need not know of it. */
class Entry extends Call {
  keys = NO_STRINGS;
  /** Attempts whose end may still turn out otherwise. */
  unsettled = 0;
  over = false;
  /** What it waits under among those that want the same. */
  want?: string;
  /** The calls that are open come in this order. */
  ordinal: number;

  constructor(request: Request) {
    super(request);
    this.ordinal = request.received.seq;
  }
}

/** Whether there is nothing to know of a request that is over but that it was sent: in no reading is more known of its call. */
export const isPlain = (request: Request): boolean =>
  request.attempt === undefined && request.foreign === undefined && !mayStillRepeat(request);

/** A call of which nothing is known but its one attempt, which went well or goes on. */
export function plainCallOf(request: Request): Call & Pick<Entry, 'ordinal'> {
  const entry = new Entry(request);
  const { answer } = request;
  if (!endOf(request)) entry.underWay = 1;
  if (isWhole(request)) {
    entry.success = answer;
    if (answer?.retryAfterMs !== undefined) entry.refusal = answer;
  }
  return entry;
}

/** A request as an attempt at a call, until its end is settled. Most have none: of a GET without ids there is nothing to know, unless
 * it fails or somebody asks for its call. */
export interface Attempt {
  readonly book: CallBook;
  readonly entry: Entry;
  ended: boolean;
  settled: boolean;
  /** What the same request is in another reading. */
  readonly beside: Attempt | undefined;
}

/**
 * Groups a client's requests into logical calls, as they come. An attempt belongs to an earlier one
 * - with the same idempotency key, whatever came of that;
 * - with the same `X-Client-Request-Id`, or the same trace id, and the same method, path, query and body, unless that was a GET
 *   that succeeded: a poll after a poll is a new call, and a trace may hold a whole job;
 * - or, whatever ids they bear, with the same method, path, query and body, if that had failed by then, and no longer ago than
 *   the window: SDKs give each attempt an id of its own.
 * A create is over once its client has asked for its task: the same again is another one.
 */
export class CallBook {
  readonly #time: ClientTime;
  readonly #over: (call: Call) => void;
  readonly #byKey = new Map<string, Entry>();
  /** What may be repeated, by place and body: there may be thousands that differ in their bodies alone. */
  readonly #failed = new Map<string, Map<string, Entry[]>>();
  /** Creates that may be repeated, by what they want: none of them has been, not even with another seed or mark. */
  readonly #wanted = new Map<string, Entry[]>();
  /** The calls of which every attempt has ended for good, and that may see another. */
  readonly #waiting = new Set<Entry>();
  readonly #ofTask = new Map<string, Entry>();
  /** The keyed ones that are over, the oldest first. */
  readonly #keyed = new Set<Entry>();
  count = 0;

  /** @param over is called with each call, once nothing more is expected of it */
  constructor(time: ClientTime, over: (call: Call) => void) {
    this.#time = time;
    this.#over = over;
  }

  /** The calls of which more may come.
   * @param unsettled the client's requests that are not settled yet */
  open(unsettled: readonly Request[]): readonly Call[] {
    const open = new Set<ReturnType<typeof plainCallOf>>(this.#waiting);
    for (const request of unsettled) open.add(this.#attemptOf(request)?.entry ?? plainCallOf(request));
    return inOrder(open);
  }

  /** What a request of this client is an attempt at, until it is settled. */
  of(request: Request): Call {
    return (this.#attemptOf(request) ?? this.#makeKnown(request)).entry;
  }

  /** The same, where there is more to know of the call than this one attempt. */
  known(request: Request): Call | undefined {
    return this.#attemptOf(request)?.entry;
  }

  /** Finds the call of a request, once its body is known, if it has one. */
  join(request: Request): void {
    const { received } = request;
    const keys = keysOf(request);
    const found = this.#byKeys(request, keys) ?? this.#byRepetition(request);
    if (!found) this.count++;
    if (request.asked !== undefined && this.#ofTask.size > 0) this.#learn(request.asked);
    // Most requests are of this kind, and come to nothing else.
    if (!found && keys.length === 0 && !bringsBody(received.method)) return;
    const { entry } = found ? this.#attempt(request, found.entry) : this.#attempt(request);
    if (found) {
      this.#waiting.delete(entry);
      entry.bond ??= found.bond;
      entry.attempts++;
      // Its body may have been read later than that of the next.
      if (received.seq > entry.last.received.seq) entry.last = request;
      if (received.seq < entry.first.received.seq) entry.first = request;
    } else this.#linkAgain(entry, request);
    for (const [, key] of keys) {
      this.#byKey.set(key, entry);
      if (!entry.keys.includes(key)) entry.keys = [...entry.keys, key];
    }
  }

  noteTask(request: Request): Call | undefined {
    const entry = this.#attemptOf(request)?.entry;
    if (!entry || !request.task) return undefined;
    entry.taskCount++;
    const [oldest] = entry.tasks.length === PROOFS_KEPT ? entry.tasks : NO_TASKS;
    if (oldest) this.#ofTask.delete(oldest.task);
    entry.tasks = [...entry.tasks.filter((one) => one !== oldest), request.task];
    if (!entry.over) this.#ofTask.set(request.task.task, entry);
    return entry;
  }

  /** The answer to a request has gone out, or it was cut: perhaps before that answer had arrived. */
  noteEnd(request: Request): void {
    const attempt = this.#attemptOf(request);
    if (attempt) this.#noteEnd(attempt, request);
    else if (request.endedBadly) this.#makeKnown(request);
  }

  #noteEnd(attempt: Attempt, request: Request): void {
    const { entry } = attempt;
    const { answer } = request;
    if (!attempt.ended) entry.underWay--;
    attempt.ended = true;
    if (mayRepeat(request)) this.#noteRepeatable(entry, request);
    if (request.task && hasFailed(request)) entry.lostTask = true;
    if (isWhole(request)) {
      if (answer?.retryAfterMs !== undefined) entry.refusal = answer;
      if (answer && !isRefusal(answer)) entry.success ??= answer;
    } else {
      if (entry.success === answer) entry.success = undefined;
      if (entry.refusal === answer) entry.refusal = undefined;
    }
  }

  /** How a request ended is settled.
   * @returns whether more was known of its call; otherwise that is over now, and nothing has been said of it */
  settle(request: Request): boolean {
    const attempt = this.#attemptOf(request) ?? (mayStillRepeat(request) ? this.#makeKnown(request) : undefined);
    if (attempt) this.#settle(attempt);
    return attempt !== undefined;
  }

  #settle(attempt: Attempt): void {
    const { entry } = attempt;
    attempt.settled = true;
    entry.unsettled--;
    if (entry.unsettled > 0) return;
    if (entry.known || !mayRepeat(entry.last)) this.#end(entry);
    else this.#waiting.add(entry);
  }

  /** Ends the calls that have waited for another attempt for too long, and forgets those that are over for long. */
  expire(now: { readonly at: number }): void {
    for (const entry of this.#keyed) {
      const end = endOf(entry.last);
      if (end && this.#time.between(end, now) <= KEYED_FOR_MS) break;
      this.#forget(entry);
    }
    for (const entry of inOrder(this.#waiting)) {
      const end = endOf(entry.last);
      if (end && this.#isStale(entry.last, end, now)) this.#end(entry);
    }
  }

  #attemptOf(request: Request): Attempt | undefined {
    for (let one = request.attempt; one; one = one.beside) if (one.book === this) return one.settled ? undefined : one;
    return undefined;
  }

  /** Makes a request an attempt at a call that is known, or at one of its own. */
  #attempt(request: Request, entry = new Entry(request)): Attempt {
    const { body } = request;
    entry.underWay++;
    entry.unsettled++;
    if (body) entry.digest = body.digest;
    const attempt = { book: this, entry, ended: false, settled: false, beside: request.attempt };
    request.attempt = attempt;
    return attempt;
  }

  #makeKnown(request: Request): Attempt {
    const attempt = this.#attempt(request);
    if (endOf(request)) this.#noteEnd(attempt, request);
    return attempt;
  }

  #byKeys(request: Request, keys: ReturnType<typeof keysOf>): { entry: Entry; bond: Bond } | undefined {
    for (const [bond, key] of keys) {
      const entry = this.#byKey.get(key);
      if (entry && (bond === 'idempotency key' || mayContinue(entry, request, bond))) {
        this.#reopen(entry, request);
        return { entry, bond };
      }
    }
    return undefined;
  }

  #byRepetition(request: Request): { entry: Entry; bond: Bond } | undefined {
    if (this.#failed.size === 0) return undefined;
    const place = request.place;
    const bodies = this.#failed.get(place);
    if (!bodies) return undefined;
    // One whose own body was not read may be any of them.
    for (const body of request.body ? [request.body.digest, UNREAD] : [...bodies.keys()]) {
      const waiting = (bodies.get(body) ?? []).filter((entry) => this.#mayBeRepeated(entry, request));
      const entry = waiting.find((one) => isOverBefore(one.last, request.received) && hasSameBody(one, request));
      keep(
        bodies,
        body,
        waiting.filter((one) => one !== entry),
      );
      if (bodies.size === 0) this.#failed.delete(place);
      if (entry) return { entry, bond: 'repetition' };
    }
    return undefined;
  }

  /** A create that differs from a failed one in its seed or its mark alone may be another attempt at it. */
  #linkAgain(entry: Entry, request: Request): void {
    const key = this.#wanted.size > 0 ? wantOf(request) : undefined;
    if (key === undefined) return;
    const earlier = this.#wanted
      .get(key)
      ?.findLast((one) => this.#mayBeRepeated(one, request) && isOverBefore(one.last, request.received));
    if (!earlier) return;
    drop(this.#wanted, key, earlier);
    earlier.again = request;
    entry.since = earlier;
    entry.origin = earlier.origin ?? earlier.first;
    // Of a row of attempts that goes on for hours the last two are kept.
    delete earlier.since;
  }

  #mayBeRepeated({ last, known, over }: Entry, { received }: Request): boolean {
    const end = endOf(last);
    if (over || known || !end || !mayRepeat(last)) return false;
    return !this.#isStale(last, end, received);
  }

  #isStale({ answer }: Request, end: { readonly at: number }, now: { readonly at: number }): boolean {
    return this.#time.between(end, now) > REPEATED_WITHIN_MS + (answer?.retryAfterMs ?? 0);
  }

  #noteRepeatable(entry: Entry, request: Request): void {
    const place = entry.first.place;
    const end = endOf(request);
    if (request === entry.first && end && hasFailed(request)) entry.failure = end;
    const bodies = this.#failed.get(place) ?? new Map<string, Entry[]>();
    const body = entry.digest ?? UNREAD;
    const waiting = bodies.get(body) ?? [];
    if (!waiting.includes(entry)) this.#failed.set(place, bodies.set(body, [...waiting, entry]));
    const want = wantOf(request);
    const wanted = (want !== undefined && this.#wanted.get(want)) || [];
    if (want === undefined || entry.again || wanted.includes(entry)) return;
    entry.want = want;
    this.#wanted.set(want, [...wanted, entry]);
  }

  /** The client has asked for a task: it knows of it, though perhaps not from the answer to its create. */
  #learn(task: string): void {
    const entry = this.#ofTask.get(task);
    if (!entry) return;
    entry.known = true;
    if (entry.unsettled === 0) this.#end(entry);
  }

  #reopen(entry: Entry, { received }: Request): void {
    if (entry.over) entry.ordinal = received.seq;
    entry.over = false;
    this.#keyed.delete(entry);
  }

  #end(entry: Entry): void {
    const { keys } = entry;
    if (entry.over) return;
    entry.over = true;
    if (this.#waiting.size > 0) this.#waiting.delete(entry);
    this.#over(entry);
    for (const { task } of entry.tasks) this.#ofTask.delete(task);
    if (this.#failed.size > 0) this.#waitNoMore(entry);
    if (entry.want !== undefined) drop(this.#wanted, entry.want, entry);
    // A GET that has succeeded is continued by nothing but the same idempotency key.
    if (entry.method !== 'GET' || entry.first.received.idempotencyKey !== undefined) {
      if (keys.length > 0) this.#keyed.add(entry);
      if (this.#keyed.size > KEYED_CALLS) {
        const [oldest] = this.#keyed;
        if (oldest) this.#forget(oldest);
      }
    } else this.#forget(entry);
  }

  #waitNoMore(entry: Entry): void {
    const { place } = entry.first;
    const bodies = this.#failed.get(place);
    // It waits by its body, or came to wait before that was read.
    for (const body of bodies ? [entry.digest ?? UNREAD, UNREAD] : []) drop(bodies, body, entry);
    if (bodies?.size === 0) this.#failed.delete(place);
  }

  #forget(entry: Entry): void {
    if (entry.keys.length === 0) return;
    this.#keyed.delete(entry);
    for (const key of entry.keys) if (this.#byKey.get(key) === entry) this.#byKey.delete(key);
  }
}

const inOrder = <E extends Pick<Entry, 'ordinal'>>(entries: Iterable<E>): readonly E[] =>
  [...entries].sort((one, other) => one.ordinal - other.ordinal);

/** What a create wants, whatever its seed and its mark; undefined where that is not known. */
const wantOf = ({ place, body }: Request): string | undefined =>
  body?.intent === undefined ? undefined : `${place} ${body.intent}`;

function keep(bodies: Map<string, Entry[]> | undefined, body: string, left: Entry[]): void {
  if (left.length > 0) bodies?.set(body, left);
  else bodies?.delete(body);
}

const drop = (waiting: Map<string, Entry[]> | undefined, key: string, entry: Entry): void =>
  keep(
    waiting,
    key,
    (waiting?.get(key) ?? []).filter((one) => one !== entry),
  );

/** A trace may hold many calls, so one that succeeded is over; a request id is meant for one call. */
function mayContinue(call: Call, later: Request, bond: Bond): boolean {
  if (bond !== 'client request id' && !hasSameBody(call, later)) return false;
  if (hasFailed(call.last)) return true;
  // Sent while the one before had no answer yet, it is a hedge.
  return bond === 'client request id' && (call.method !== 'GET' || !isOverBefore(call.last, later.received));
}

function isOverBefore(earlier: Request, { seq }: { readonly seq: number }): boolean {
  const end = endOf(earlier);
  return end !== undefined && end.seq < seq;
}

/** What counts is the last body that was read, unless the client says by two keys that they differ. One that was not read, as when its
 * connection was cut before, cannot differ. */
function hasSameBody({ digest, last }: Call, { body, received }: Request): boolean {
  const [key, other] = [last.received.idempotencyKey, received.idempotencyKey];
  if (key !== undefined && other !== undefined && key !== other) return false;
  return digest === undefined || !body || digest === body.digest;
}

function keysOf(request: Request): readonly (readonly [Bond, string])[] {
  const { received } = request;
  const { idempotencyKey, clientRequestId, asyncTraceId, traceparent } = received;
  if (idempotencyKey === undefined && clientRequestId === undefined && asyncTraceId === undefined && !traceparent)
    return NO_KEYS;
  // The span changes with each attempt.
  const traceId = asyncTraceId ?? traceparent?.split('-')[1];
  const key = (bond: Bond, value: string | undefined) =>
    value === undefined ? [] : [[bond, `${bond}:${request.place}:${value}`] as const];
  return [
    ...key('idempotency key', idempotencyKey),
    ...key('client request id', clientRequestId),
    ...key('trace id', traceId),
  ];
}

const NO_KEYS: readonly (readonly [Bond, string])[] = [];
