import { gunzipSync } from 'node:zlib';
import { type Received, Receiver } from './receiver.ts';

/** A log record as OTLP writes it in JSON. */
export interface LogRecord {
  readonly timeUnixNano: string;
  readonly eventName: string;
  readonly severityText: string;
  readonly body: { readonly stringValue: string };
  readonly traceId?: string;
  readonly spanId?: string;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
}

/** A span as OTLP writes it in JSON. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  /** 3 is CLIENT, 5 CONSUMER. */
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  /** 2 is ERROR. */
  readonly status: { readonly code: number; readonly message?: string };
  readonly attributes: LogRecord['attributes'];
  readonly events: readonly { readonly name: string; readonly timeUnixNano: string }[];
}

/** The spans of one request to a collector; there are none among log records. */
export function spansOf({ bytes, path }: Received): readonly Span[] {
  if (path !== '/v1/traces') return [];
  const { resourceSpans } = JSON.parse(gunzipSync(bytes).toString());
  return resourceSpans.flatMap(({ scopeSpans }: { scopeSpans: { spans: Span[] }[] }) =>
    scopeSpans.flatMap(({ spans }) => spans),
  );
}

/** The log records of one request to a collector; there are none among spans. */
export function recordsOf({ bytes, path }: Received): readonly LogRecord[] {
  if (path !== '/v1/logs') return [];
  const { resourceLogs } = JSON.parse(gunzipSync(bytes).toString());
  return resourceLogs.flatMap(({ scopeLogs }: { scopeLogs: { logRecords: LogRecord[] }[] }) =>
    scopeLogs.flatMap(({ logRecords }) => logRecords),
  );
}

/** An attribute of a record or a span, whatever its type. */
export const attributeOf = ({ attributes }: Pick<LogRecord, 'attributes'>, key: string): unknown =>
  Object.values(attributes.find((one) => one.key === key)?.value ?? {})[0];

/** Stands in for an OpenTelemetry collector. `answer` is as of a receiver; left out, everything is taken. */
export const openCollector = (
  answer: (respond: (code: number) => void, call: number) => void = (respond) => respond(200),
) =>
  Receiver.open({
    answer: (response, call) =>
      answer((code) => response.writeHead(code, { 'content-type': 'application/json' }).end('{}'), call),
  });
