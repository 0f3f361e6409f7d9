import http, { type Agent } from 'node:http';
import https from 'node:https';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { convertLegacyHttpOptions } from '@opentelemetry/otlp-exporter-base/node-http';
import { type ISerializer, JsonLogsSerializer, JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';

const compress = promisify(gzip);

/** Where one kind of telemetry goes, and for how long. */
export interface HttpExporterSetting {
  /** Base URL of the collector. */
  readonly endpoint: string;
  /** How long one request may take, in real time. */
  readonly timeoutMs: number;
  /** Ends the request that is open, and each that comes later. */
  readonly signal: AbortSignal;
}

/**
 * Sends telemetry by OTLP over HTTP, in JSON and compressed, with the headers and certificates that OpenTelemetry's environment
 * variables name. Not by OpenTelemetry's own exporter: nothing ends the requests and retries of that one.
 */
export class HttpExporter<T> {
  readonly #serializer: ISerializer<T[], unknown>;
  readonly #options: ReturnType<typeof convertLegacyHttpOptions>;
  readonly #signal: AbortSignal;
  #agent: Agent | undefined;

  private constructor(
    [name, path, serializer]: readonly [string, string, ISerializer<T[], unknown>],
    { endpoint, timeoutMs, signal }: HttpExporterSetting,
  ) {
    const given = { url: `${endpoint.replace(/\/+$/, '')}/${path}`, timeoutMillis: timeoutMs };
    this.#options = convertLegacyHttpOptions(given, name, path, { 'content-type': 'application/json' });
    this.#serializer = serializer;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#agent?.destroy());
  }

  static ofLogs = (setting: HttpExporterSetting): HttpExporter<ReadableLogRecord> =>
    new HttpExporter(['LOGS', 'v1/logs', JsonLogsSerializer], setting);

  static ofTraces = (setting: HttpExporterSetting): HttpExporter<ReadableSpan> =>
    new HttpExporter(['TRACES', 'v1/traces', JsonTraceSerializer], setting);

  /** Sends items, once.
   * @throws Error when the collector does not take them, or not in time, or the exporter is over */
  async export(items: readonly T[]): Promise<void> {
    const { url, headers, agentFactory, timeoutMillis } = this.#options;
    const { protocol } = new URL(url);
    const body = await compress(this.#serializer.serializeRequest([...items]) ?? '');
    this.#agent ??= await agentFactory(protocol);
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(timeoutMillis)]);
    const request = (protocol === 'http:' ? http : https).request(url, {
      method: 'POST',
      headers: { ...(await headers()), 'content-encoding': 'gzip' },
      agent: this.#agent,
      signal,
    });
    const code = await new Promise<number>((resolve, reject) => {
      const fail = (error: Error) => reject(signal.aborted ? signal.reason : error);
      request.on('error', fail).on('response', (response) => {
        // Only its head counts.
        response.on('error', fail).on('end', () => resolve(response.statusCode ?? 0));
        response.resume();
      });
      request.end(body);
    });
    if (code < 200 || code > 299) throw new Error(`the collector answered ${code}`);
  }
}
