import type { IncomingHttpHeaders } from 'node:http';
import type { CallKeys, Trace, TraceSnapshot } from '../journal.ts';

const one = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === 'string' ? value : value?.[0];

/** The trace context that a call brings along. */
export function readTrace(headers: IncomingHttpHeaders): Trace | undefined {
  const traceparent = one(headers.traceparent);
  const asyncTraceId = one(headers['x-async-trace-id']);
  if (traceparent === undefined && asyncTraceId === undefined) return undefined;
  return { ...(traceparent !== undefined && { traceparent }), ...(asyncTraceId !== undefined && { asyncTraceId }) };
}

/** The keys by which a client marks the attempts of one call. */
export function readCallKeys(headers: IncomingHttpHeaders): CallKeys | undefined {
  const idempotencyKey = one(headers['idempotency-key'] ?? headers['x-idempotency-key']);
  const clientRequestId = one(headers['x-client-request-id']);
  if (idempotencyKey === undefined && clientRequestId === undefined) return undefined;
  return {
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    ...(clientRequestId !== undefined && { clientRequestId }),
  };
}

/** W3C Trace Context, section 3.2: version, trace-id, parent-id (the caller's span), flags. */
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}/;

/** A trace context as it is kept at the end of a connection, so that it can be looked up by trace and by span. */
export function snapshotOf(trace: Trace): TraceSnapshot {
  const [, traceId, spanId] = TRACEPARENT.exec(trace.traceparent ?? '') ?? [];
  return { ...trace, ...(traceId !== undefined && spanId !== undefined && { traceId, spanId }) };
}
