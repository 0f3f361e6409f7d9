import type { IncomingHttpHeaders } from 'node:http';
import type { Trace } from '../journal.ts';

const one = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === 'string' ? value : value?.[0];

/** The trace context that a call brings along. */
export function readTrace(headers: IncomingHttpHeaders): Trace | undefined {
  const traceparent = one(headers.traceparent);
  const asyncTraceId = one(headers['x-async-trace-id']);
  if (traceparent === undefined && asyncTraceId === undefined) return undefined;
  return { ...(traceparent !== undefined && { traceparent }), ...(asyncTraceId !== undefined && { asyncTraceId }) };
}
