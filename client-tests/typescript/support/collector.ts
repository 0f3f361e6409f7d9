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

/** The log records of one request to a collector. */
export function recordsOf({ bytes }: Received): readonly LogRecord[] {
  const { resourceLogs } = JSON.parse(gunzipSync(bytes).toString());
  return resourceLogs.flatMap(({ scopeLogs }: { scopeLogs: { logRecords: LogRecord[] }[] }) =>
    scopeLogs.flatMap(({ logRecords }) => logRecords),
  );
}

/** A record's attribute, whatever its type. */
export const attributeOf = ({ attributes }: LogRecord, key: string): unknown =>
  Object.values(attributes.find((one) => one.key === key)?.value ?? {})[0];

/** Stands in for an OpenTelemetry collector. `answer` is as of a receiver; left out, everything is taken. */
export const openCollector = (
  answer: (respond: (code: number) => void, call: number) => void = (respond) => respond(200),
) =>
  Receiver.open({
    answer: (response, call) =>
      answer((code) => response.writeHead(code, { 'content-type': 'application/json' }).end('{}'), call),
  });
