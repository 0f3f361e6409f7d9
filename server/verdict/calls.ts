import type { JournalEvent } from '../journal.ts';
import type { ClientTime } from './client-time.ts';
import { endOf, hasFailed, isLeft, isRefusal, isWhole, mayRepeat, type Request } from './facts.ts';
import { PROOFS_KEPT } from './tally.ts';

/** How the attempts of a call are known to belong together, the surest first. */
export type Bond = 'idempotency key' | 'client request id' | 'trace id' | 'repetition';

/** What a client wanted once. Of its attempts the latest is kept, and what the others came to. */
export interface Call {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** How many there were. */
  attempts: number;
  /** How many of them have not ended yet. */
  underWay: number;
  first: Request;
  last: Request;
  /** Absent while there is one attempt. */
  bond?: Bond;
  /** The end of the first attempt, if it failed. */
  failure?: JournalEvent;
  /** The first answer that was no failure. */
  success?: JournalEvent<'response.sent'>;
  /** The latest refusal that asked to wait. */
  refusal?: JournalEvent<'response.sent'>;
  /** Tasks that its attempts made, the first of them. */
  readonly tasks: JournalEvent<'task.created'>[];
  taskCount: number;
  /** Its client has asked for a task of it. */
  known?: true;
  /** An attempt made a task, and its answer did not say so. */
  lostTask?: true;
  /** The digest of the last body that was read. */
  digest?: string;
}

/** How long after a failed attempt, and what that asked to wait, the same request still is another attempt at it, in the client's
 * time. */
export const REPEATED_WITHIN_MS = 120_000;
/** How many calls stay open for a repetition by their keys, per client. */
const KEYED_CALLS = 10_000;

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
  const isAtOnce = time.between(cut, later.received) < RESENT_WITHIN_MS;
  return isAtOnce && connection !== later.connection && keys(earlier) === keys(later);
}

/** In place of the digest of a body. */
const UNREAD = '';

/** What is remembered of a call beside what others may know. */
interface Entry {
  readonly call: Call;
  readonly keys: string[];
  /** Attempts whose end may still turn out otherwise. */
  unsettled: number;
  over: boolean;
}

interface Attempt {
  readonly entry: Entry;
  ended: boolean;
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
  /** The calls whose attempts are under way, and those that wait for another. */
  readonly #open = new Set<Entry>();
  readonly #attempts = new Map<Request, Attempt>();
  readonly #ofTask = new Map<string, Entry>();
  /** The keyed ones that are over, the oldest first. */
  readonly #keyed = new Set<Entry>();
  count = 0;

  /** @param over is called with each call, once nothing more is expected of it */
  constructor(time: ClientTime, over: (call: Call) => void) {
    this.#time = time;
    this.#over = over;
  }

  /** The calls of which more may come. */
  *open(): Iterable<Call> {
    for (const { call } of this.#open) yield call;
  }

  /** The attempts that have ended, though perhaps not as it seems yet. */
  *unsettled(): Iterable<readonly [Request, Call]> {
    for (const [request, { entry, ended }] of this.#attempts) if (ended) yield [request, entry.call];
  }

  callOf(request: Request): Call | undefined {
    return this.#attempts.get(request)?.entry.call;
  }

  /** Finds the call of a request, once its body is known, if it has one. */
  join(request: Request): Call {
    const { received, body } = request;
    const keys = keysOf(request);
    const found = this.#byKeys(request, keys) ?? this.#byRepetition(request);
    const entry = found?.entry ?? this.#begin(request);
    const { call } = entry;
    if (found) {
      call.bond ??= found.bond;
      call.attempts++;
      // Its body may have been read later than that of the next.
      if (received.seq > call.last.received.seq) call.last = request;
      if (received.seq < call.first.received.seq) call.first = request;
    }
    call.underWay++;
    entry.unsettled++;
    if (body) call.digest = body.digest;
    this.#attempts.set(request, { entry, ended: false });
    if (received.method === 'GET' && this.#ofTask.size > 0)
      this.#learn(call.path.slice(call.path.lastIndexOf('/') + 1));
    for (const [, key] of keys) {
      this.#byKey.set(key, entry);
      if (!entry.keys.includes(key)) entry.keys.push(key);
    }
    return call;
  }

  noteTask(request: Request): Call | undefined {
    const entry = this.#attempts.get(request)?.entry;
    if (!entry || !request.task) return undefined;
    const { call } = entry;
    call.taskCount++;
    if (call.tasks.length < PROOFS_KEPT) call.tasks.push(request.task);
    if (!entry.over) this.#ofTask.set(request.task.task, entry);
    return call;
  }

  /** The answer to a request has gone out, or it was cut: perhaps before that answer had arrived. */
  noteEnd(request: Request): Call | undefined {
    const attempt = this.#attempts.get(request);
    if (!attempt) return undefined;
    const { entry } = attempt;
    const { call } = entry;
    const { answer } = request;
    if (!attempt.ended) call.underWay--;
    attempt.ended = true;
    if (mayRepeat(request)) this.#noteRepeatable(entry, request);
    if (request.task && hasFailed(request)) call.lostTask = true;
    if (!isWhole(request)) {
      if (call.success === answer) delete call.success;
      if (call.refusal === answer) delete call.refusal;
    } else if (answer?.retryAfterMs !== undefined) call.refusal = answer;
    if (isWhole(request) && answer && !isRefusal(answer)) call.success ??= answer;
    return call;
  }

  /** How a request ended is settled. */
  settle(request: Request): Call | undefined {
    const entry = this.#attempts.get(request)?.entry;
    if (!entry) return undefined;
    const { call } = entry;
    this.#attempts.delete(request);
    entry.unsettled--;
    if (entry.unsettled === 0 && (!mayRepeat(call.last) || call.known)) this.#end(entry);
    return call;
  }

  /** Ends the calls that have waited for another attempt for too long. */
  expire(now: { readonly at: number }): void {
    for (const entry of this.#open) {
      const { last } = entry.call;
      const end = endOf(last);
      if (entry.unsettled === 0 && end && this.#isStale(last, end, now)) this.#end(entry);
    }
  }

  #begin(request: Request): Entry {
    this.count++;
    const { method, path } = request.received;
    const call: Call = {
      method,
      path: pathOf(path),
      attempts: 1,
      underWay: 0,
      first: request,
      last: request,
      tasks: [],
      taskCount: 0,
    };
    const entry = { call, keys: [], unsettled: 0, over: false };
    this.#open.add(entry);
    return entry;
  }

  #byKeys(request: Request, keys: ReturnType<typeof keysOf>): { entry: Entry; bond: Bond } | undefined {
    for (const [bond, key] of keys) {
      const entry = this.#byKey.get(key);
      if (entry && (bond === 'idempotency key' || mayContinue(entry.call, request, bond))) {
        this.#reopen(entry);
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
      const entry = waiting.find(({ call }) => isOverBefore(call.last, request.received) && hasSameBody(call, request));
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

  #mayBeRepeated({ call, over }: Entry, { received }: Request): boolean {
    const end = endOf(call.last);
    if (over || call.known || !end || !mayRepeat(call.last)) return false;
    return !this.#isStale(call.last, end, received);
  }

  #isStale({ answer }: Request, end: { readonly at: number }, now: { readonly at: number }): boolean {
    return this.#time.between(end, now) > REPEATED_WITHIN_MS + (answer?.retryAfterMs ?? 0);
  }

  #noteRepeatable(entry: Entry, request: Request): void {
    const { call } = entry;
    const place = call.first.place;
    const end = endOf(request);
    if (request === call.first && end && hasFailed(request)) call.failure = end;
    const bodies = this.#failed.get(place) ?? new Map<string, Entry[]>();
    const body = call.digest ?? UNREAD;
    const waiting = bodies.get(body) ?? [];
    if (!waiting.includes(entry)) this.#failed.set(place, bodies.set(body, [...waiting, entry]));
  }

  /** The client has asked for a task: it knows of it, though perhaps not from the answer to its create. */
  #learn(task: string): void {
    const entry = this.#ofTask.get(task);
    if (!entry) return;
    entry.call.known = true;
    if (entry.unsettled === 0) this.#end(entry);
  }

  #reopen(entry: Entry): void {
    entry.over = false;
    this.#keyed.delete(entry);
    this.#open.add(entry);
  }

  #end(entry: Entry): void {
    const { call, keys } = entry;
    if (entry.over) return;
    entry.over = true;
    this.#open.delete(entry);
    this.#over(call);
    for (const { task } of call.tasks) this.#ofTask.delete(task);
    const place = this.#failed.size === 0 ? '' : call.first.place;
    const bodies = this.#failed.get(place);
    // It waits by its body, or came to wait before that was read.
    for (const body of bodies ? [call.digest ?? UNREAD, UNREAD] : [])
      keep(
        bodies,
        body,
        (bodies?.get(body) ?? []).filter((one) => one !== entry),
      );
    if (bodies?.size === 0) this.#failed.delete(place);
    // A GET that has succeeded is continued by nothing but the same idempotency key.
    if (call.method !== 'GET' || call.first.received.idempotencyKey !== undefined) {
      if (keys.length > 0) this.#keyed.add(entry);
      if (this.#keyed.size > KEYED_CALLS) {
        const [oldest] = this.#keyed;
        if (oldest) this.#forget(oldest);
      }
    } else this.#forget(entry);
  }

  #forget(entry: Entry): void {
    this.#keyed.delete(entry);
    for (const key of entry.keys) if (this.#byKey.get(key) === entry) this.#byKey.delete(key);
  }
}

function keep(bodies: Map<string, Entry[]> | undefined, body: string, left: Entry[]): void {
  if (left.length > 0) bodies?.set(body, left);
  else bodies?.delete(body);
}

export const pathOf = (path: string): string => {
  const query = path.indexOf('?');
  return query < 0 ? path : path.slice(0, query);
};

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

/** What counts is the last body that was read. One that was not, as when its connection was cut before, cannot differ, unless its client
 * says by its key that it does. */
function hasSameBody({ digest, last }: Call, { body, received }: Request): boolean {
  if (digest !== undefined && body) return digest === body.digest;
  const key = last.received.idempotencyKey;
  return key === undefined || received.idempotencyKey === undefined || key === received.idempotencyKey;
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
