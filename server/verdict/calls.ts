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
 * - with the same `X-Client-Request-Id`, or the same trace id, method and path, unless that was a GET that succeeded: a poll
 *   after a poll is a new call;
 * - or, whatever ids they bear, with the same method, path and body, if that failed no longer ago than the window: SDKs give
 *   each attempt an id of its own.
 */
export function groupCalls(connections: readonly Connection[], time: ClientTime): readonly Call[] {
  const requests = connections.flatMap((connection) => connection.requests);
  requests.sort((a, b) => a.received.seq - b.received.seq);
  const calls: Call[] = [];
  const byKey = new Map<string, Call>();
  const failed = new Map<string, Call[]>();

  for (const request of requests) {
    const { received } = request;
    const path = received.path.split('?')[0] ?? '';
    const place = `${received.method} ${path}`;
    const found = byKeys(request, place) ?? byRepetition(request, place);
    const call: Call = found?.call ?? { method: received.method, path, attempts: [] };
    if (found) call.bond ??= found.bond;
    else calls.push(call);
    call.attempts.push(request);
    for (const [, key] of keysOf(request, place)) byKey.set(key, call);
    if (hasFailed(request)) failed.set(place, [...(failed.get(place) ?? []), call]);
  }
  return calls;

  function byKeys(request: Request, place: string): { call: Call; bond: Bond } | undefined {
    for (const [bond, key] of keysOf(request, place)) {
      const call = byKey.get(key);
      if (call && (bond === 'idempotency key' || mayContinue(call, request, bond))) return { call, bond };
    }
    return undefined;
  }

  function byRepetition(request: Request, place: string): { call: Call; bond: Bond } | undefined {
    const waiting = (failed.get(place) ?? []).filter((call) => isStale(call, request) === false);
    const call = waiting.find((one) => hasSameBody(one, request));
    failed.set(
      place,
      waiting.filter((one) => one !== call),
    );
    return call && { call, bond: 'repetition' };
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
  if (hasFailed(last)) return true;
  return bond === 'client request id' && method !== 'GET' && hasSameBody(call, later);
}

/** A body that was not read, as when it was refused before, cannot differ; what counts is the last that was. */
function hasSameBody({ attempts }: Call, { body }: Request): boolean {
  const known = attempts.findLast((attempt) => attempt.body)?.body;
  return !known || !body || known.digest === body.digest;
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
