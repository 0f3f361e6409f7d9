import type { SpanContext } from '@opentelemetry/api';
import { type AnyValueMap, SeverityNumber } from '@opentelemetry/api-logs';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { JournalEvent, TraceSnapshot } from '../journal.ts';
import { describeEvent } from '../log.ts';
import { snapshotOf } from '../wire/trace.ts';
import { toHrTime } from './hr-time.ts';

/** Where every record says it comes from; exporters group by the identity of this object. */
const scope = { name: 'seedance-mock.journal' };

const severities = {
  debug: SeverityNumber.DEBUG,
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
} as const;

/**
 * An event of the journal as a log record of OpenTelemetry (Logs Data Model, 1.x): named by its type, its fields as attributes,
 * and under the trace and span of the call that it is about, where that brought a `traceparent`.
 */
export function toLogRecord(event: JournalEvent, resource: Resource): ReadableLogRecord {
  const { seq: _, at, type, ...fields } = event;
  const [level, body] = describeEvent(event) ?? ['debug', type];
  const spanContext = spanOf(event);
  return {
    hrTime: toHrTime(at),
    hrTimeObserved: toHrTime(at),
    severityNumber: severities[level],
    severityText: level.toUpperCase(),
    eventName: type,
    body,
    ...(spanContext && { spanContext }),
    resource,
    instrumentationScope: scope,
    attributes: { seq: event.seq, ...('remote' in event && peerOf(event.remote)), ...plain(fields) },
    droppedAttributesCount: 0,
  };
}

/** Of several unanswered calls the oldest: it is the one that was cut. */
function spanOf(event: JournalEvent): SpanContext | undefined {
  const traces: readonly TraceSnapshot[] =
    event.type === 'connection.ended' ? [...event.requests, event.trace ?? {}] : [event as TraceSnapshot];
  for (const trace of traces) {
    const { traceId, spanId } = snapshotOf(trace);
    if (traceId !== undefined && spanId !== undefined) return { traceId, spanId, traceFlags: 1 };
  }
  return undefined;
}

/** `127.0.0.1:443` and `[::1]:443` by the names of the semantic conventions. */
function peerOf(remote: string): AnyValueMap {
  const [, address = remote, port] = /^\[?(.*?)\]?:(\d+)$/.exec(remote) ?? [];
  return { 'network.peer.address': address, ...(port !== undefined && { 'network.peer.port': Number(port) }) };
}

/** What an attribute can hold is what JSON can hold. */
const plain = (fields: object): AnyValueMap => JSON.parse(JSON.stringify(fields));
