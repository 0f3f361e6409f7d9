import type { ClientTime } from './client-time.ts';
import { type Connection, endOf, hasFailed, type Request } from './evidence.ts';

/** How the attempts of a call are known to belong together, the surest first. */
export type Bond = 'idempotency key' | 'client request id' | 'trace id' | 'repetition';

/** What a client wanted once, and every attempt at it. */
export interface Call {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly attempts: Request[];
  /** Absent while there is one attempt. */
  bond?: Bond;
}

/** How long after a failed attempt, and what that asked to wait, the same request still is another attempt at it, in the client's
 * time. */
export const REPEATED_WITHIN_MS = 120_000;

/** Whether an attempt repeats the one before byte for byte on another connection, as HTTP libraries do by themselves; else the
 * application has called again. */
export function isTransportRetry(earlier: Request, later: Request): boolean {
  const keys = ({ received, body }: Request) =>
    JSON.stringify([
      received.idempotencyKey,
      received.clientRequestId,
      received.traceparent,
      received.asyncTraceId,
      body?.digest,
    ]);
  return earlier.connection !== later.connection && keys(earlier) === keys(later);
}

/**
 * Groups a client's requests into logical calls. An attempt belongs to an earlier one
 * - with the same idempotency key, whatever came of that;
 * - with the same `X-Client-Request-Id`, or the same trace id, and the same method, path, query and body, unless that was a GET
 *   that succeeded: a poll after a poll is a new call, and a trace may hold a whole job;
 * - or, whatever ids they bear, with the same method, path, query and body, if that had failed by then, and no longer ago than
 *   the window: SDKs give each attempt an id of its own.
 * A create is over once its client has asked for its task: the same again is another one.
 */
export function groupCalls(connections: readonly Connection[], time: ClientTime): readonly Call[] {
  const requests = connections.flatMap((connection) => connection.requests);
  requests.sort((a, b) => a.received.seq - b.received.seq);
  const calls: Call[] = [];
  const byKey = new Map<string, Call>();
  /** What may be repeated, by place and body: there may be thousands that differ in their bodies alone. */
  const failed = new Map<string, Map<string, Call[]>>();
  /** The ids that the client has asked for. */
  const known = new Set<string>();

  for (const request of requests) {
    const { received } = request;
    const path = received.path.split('?')[0] ?? '';
    const place = `${received.method} ${received.path}`;
    const found = byKeys(request, place) ?? byRepetition(request, place);
    const call: Call = found?.call ?? { method: received.method, path, attempts: [] };
    if (found) call.bond ??= found.bond;
    else calls.push(call);
    call.attempts.push(request);
    if (received.method === 'GET') known.add(path.slice(path.lastIndexOf('/') + 1));
    for (const [, key] of keysOf(request, place)) byKey.set(key, call);
    if (hasFailed(request)) noteFailed(place, call);
  }
  return calls;

  function byKeys(request: Request, place: string): { call: Call; bond: Bond } | undefined {
    for (const [bond, key] of keysOf(request, place)) {
      const call = byKey.get(key);
      if (call && (bond === 'idempotency key' || mayContinue(call, request, bond))) return { call, bond };
    }
    return undefined;
  }

  function noteFailed(place: string, call: Call): void {
    const bodies = failed.get(place) ?? new Map<string, Call[]>();
    const body = bodyOf(call)?.digest ?? UNREAD;
    failed.set(place, bodies.set(body, [...(bodies.get(body) ?? []), call]));
  }

  function byRepetition(request: Request, place: string): { call: Call; bond: Bond } | undefined {
    const bodies = failed.get(place);
    if (!bodies) return undefined;
    // One whose own body was not read may be any of them.
    for (const body of request.body ? [request.body.digest, UNREAD] : [...bodies.keys()]) {
      const waiting = (bodies.get(body) ?? []).filter((call) => !isStale(call, request) && !isKnown(call));
      const call = waiting.find((one) => hasFailedBefore(one, request) && hasSameBody(one, request));
      const left = waiting.filter((one) => one !== call);
      if (left.length > 0) bodies.set(body, left);
      else bodies.delete(body);
      if (call) return { call, bond: 'repetition' };
    }
    return undefined;
  }

  /** Whether the client has learnt of the task that an attempt made, though not from its answer. */
  function isKnown({ attempts }: Call): boolean {
    return attempts.some(({ task }) => task && known.has(task.task));
  }

  /** Whether its last attempt is too old to be repeated, or not over yet. */
  function isStale({ attempts }: Call, { received }: Request): boolean {
    const last = attempts.at(-1);
    const end = last && endOf(last);
    if (!end || !hasFailed(last)) return true;
    return time.between(end, received) > REPEATED_WITHIN_MS + (last.answer?.retryAfterMs ?? 0);
  }
}

/** A trace may hold many calls, so one that succeeded is over; a request id is meant for one call. */
function mayContinue(call: Call, later: Request, bond: Bond): boolean {
  const { method, attempts } = call;
  const last = attempts.at(-1);
  if (!last) return false;
  if (!hasSameBody(call, later)) return false;
  if (hasFailed(last)) return true;
  // Sent while the one before had no answer yet, it is a hedge.
  return bond === 'client request id' && (method !== 'GET' || !isOverBefore(last, later.received));
}

/** Whether the client knew that its last attempt had failed. */
function hasFailedBefore({ attempts }: Call, { received }: Request): boolean {
  const last = attempts.at(-1);
  return last !== undefined && isOverBefore(last, received);
}

function isOverBefore(earlier: Request, { seq }: { readonly seq: number }): boolean {
  const end = endOf(earlier);
  return end !== undefined && end.seq < seq;
}

/** In place of the digest of a body. */
const UNREAD = '';

const bodyOf = ({ attempts }: Pick<Call, 'attempts'>): Request['body'] =>
  attempts.findLast((attempt) => attempt.body)?.body;

/** What counts is the last body that was read. One that was not, as when its connection was cut before, cannot differ, unless its client
 * says by its key that it does. */
function hasSameBody({ attempts }: Call, { body, received }: Request): boolean {
  const known = bodyOf({ attempts });
  if (known && body) return known.digest === body.digest;
  const key = attempts.at(-1)?.received.idempotencyKey;
  return key === undefined || received.idempotencyKey === undefined || key === received.idempotencyKey;
}

function keysOf({ received }: Request, place: string): readonly (readonly [Bond, string])[] {
  const { idempotencyKey, clientRequestId, asyncTraceId, traceparent } = received;
  // The span changes with each attempt.
  const traceId = asyncTraceId ?? traceparent?.split('-')[1];
  const key = (bond: Bond, value: string | undefined) =>
    value === undefined ? [] : [[bond, `${bond}:${place}:${value}`] as const];
  return [
    ...key('idempotency key', idempotencyKey),
    ...key('client request id', clientRequestId),
    ...key('trace id', traceId),
  ];
}
