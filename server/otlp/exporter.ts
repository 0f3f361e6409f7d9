import { setTimeout } from 'node:timers';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { Clock, type Timer } from '../clock.ts';
import type { Journal } from '../journal.ts';
import { CallbackSpans } from './callback-spans.ts';
import { Feed } from './feed.ts';
import { HttpExporter } from './http-exporter.ts';
import { toLogRecord } from './log-records.ts';

/** How often what is new in the journal leaves, in real time: it is the operator's, not the service's. */
export const EXPORT_EVERY_MS = 1_000;

/** How long one request may take, in real time. */
const EXPORT_TIMEOUT_MS = 2_000;
/** How long the last events may take to leave when the exporter is closed, in real time. */
const CLOSE_MS = 500;

export interface OtlpSetting {
  /** Base URL of a collector that speaks OTLP over HTTP, such as http://localhost:4318. */
  readonly endpoint: string;
  /** What tells one run from another in the collector. */
  readonly attributes: Readonly<Record<string, string | number>>;
  /** Left out: real time, whatever the lane's does. */
  readonly clock?: Clock;
}

/**
 * Sends the journal to an OpenTelemetry collector, compressed and in batches: every event as a log record (reference, C5), and what
 * became of each callback as spans (D6). Each of the two has a feed of its own, so that a collector that takes only one gets it.
 */
export class OtlpExporter {
  readonly #clock: Clock;
  readonly #feeds: readonly [Feed<ReadableLogRecord>, Feed<ReadableSpan>];
  readonly #over = new AbortController();
  #exporting: Promise<unknown> = Promise.resolve();
  #timer: Timer | undefined;

  constructor(journal: Journal, { endpoint, attributes, clock = new Clock() }: OtlpSetting) {
    this.#clock = clock;
    const resource = resourceFromAttributes({ 'service.name': 'seedance-mock', ...attributes });
    const setting = { endpoint, timeoutMs: EXPORT_TIMEOUT_MS, signal: this.#over.signal };
    const [logs, traces] = [HttpExporter.ofLogs(setting), HttpExporter.ofTraces(setting)];
    const spans = new CallbackSpans(resource);
    this.#feeds = [
      new Feed(journal, endpoint, {
        signal: 'logs',
        translate: (event) => [toLogRecord(event, resource)],
        send: (records) => logs.export(records),
      }),
      new Feed(journal, endpoint, {
        signal: 'traces',
        translate: (event) => spans.read(event),
        send: (ended) => traces.export(ended),
      }),
    ];
    this.#wait();
  }

  /** Sends what is left, with one try and within 500 ms, and ends. */
  async close(): Promise<void> {
    const late = new Error(`not sent within ${CLOSE_MS} ms when the server was closed`);
    const patience = setTimeout(() => this.#over.abort(late), CLOSE_MS);
    await this.#exporting;
    this.#timer?.cancel();
    await this.#flush();
    clearTimeout(patience);
    this.#over.abort();
  }

  #wait(): void {
    this.#timer = this.#clock.after(EXPORT_EVERY_MS, () => {
      this.#exporting = this.#flush().then(() => this.#wait());
    });
  }

  #flush(): Promise<unknown> {
    return Promise.all(this.#feeds.map((feed) => feed.flush()));
  }
}
