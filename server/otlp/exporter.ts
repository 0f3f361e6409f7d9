import type { ExportResult } from '@opentelemetry/core';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import { Clock, type Timer } from '../clock.ts';
import { reasonOf } from '../errors.ts';
import type { Journal, JournalEvent } from '../journal.ts';
import { toLogRecord } from './log-records.ts';

/** How often what is new in the journal leaves, in real time: it is the operator's, not the service's. */
export const EXPORT_EVERY_MS = 1_000;

/** How many events one request carries. */
export const MAX_BATCH_EVENTS = 512;

/** How long one request may take, the library's own retries included. */
const EXPORT_TIMEOUT_MS = 2_000;

export interface OtlpSetting {
  /** Base URL of a collector that speaks OTLP over HTTP, such as http://localhost:4318. */
  readonly endpoint: string;
  /** What tells one run from another in the collector. */
  readonly attributes: Readonly<Record<string, string | number>>;
  /** Left out: real time, whatever the lane's does. */
  readonly clock?: Clock;
}

/**
 * Sends the journal to an OpenTelemetry collector as log records, compressed and in batches (reference, C5). The journal is the
 * ring buffer that they wait in: nothing waits for the collector, and what has to make room before it could be sent is counted
 * in the event `export.lost`.
 */
export class OtlpExporter {
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #endpoint: string;
  readonly #resource: Resource;
  readonly #exporter: OTLPLogExporter;
  /** The last event that has left, or is lost. */
  #sentSeq = 0;
  #failing = false;
  #exporting: Promise<void> = Promise.resolve();
  #timer: Timer | undefined;

  constructor(journal: Journal, { endpoint, attributes, clock = new Clock() }: OtlpSetting) {
    this.#journal = journal;
    this.#clock = clock;
    this.#endpoint = endpoint;
    this.#resource = resourceFromAttributes({ 'service.name': 'seedance-mock', ...attributes });
    this.#exporter = new OTLPLogExporter({
      url: `${endpoint.replace(/\/+$/, '')}/v1/logs`,
      compression: CompressionAlgorithm.GZIP,
      timeoutMillis: EXPORT_TIMEOUT_MS,
    });
    this.#wait();
  }

  /** Sends what is left, with one try, and ends. */
  async close(): Promise<void> {
    this.#timer?.cancel();
    await this.#exporting;
    await this.#exportNews();
    await this.#exporter.shutdown();
  }

  #wait(): void {
    this.#timer = this.#clock.after(EXPORT_EVERY_MS, () => {
      this.#exporting = this.#exportNews().then(() => this.#wait());
    });
  }

  async #exportNews(): Promise<void> {
    // Not what comes meanwhile, or a busy server would never let go.
    const lastSeq = this.#journal.seq;
    while (this.#sentSeq < lastSeq) {
      this.#noteLoss();
      const batch = this.#journal.events(undefined, this.#sentSeq).slice(0, MAX_BATCH_EVENTS);
      const reason = await this.#send(batch);
      if (reason !== undefined) return this.#noteFailure(reason);
      this.#failing = false;
      this.#sentSeq = batch.at(-1)?.seq ?? lastSeq;
    }
  }

  /** @returns why it failed, if it did */
  #send(batch: readonly JournalEvent[]): Promise<string | undefined> {
    const records = batch.map((event) => toLogRecord(event, this.#resource));
    return new Promise((resolve) =>
      this.#exporter.export(records, ({ code, error }: ExportResult) =>
        resolve(code === 0 ? undefined : reasonOf(error) || 'the collector did not take it'),
      ),
    );
  }

  #noteLoss(): void {
    const lost = this.#journal.dropped - this.#sentSeq;
    if (lost <= 0) return;
    this.#sentSeq += lost;
    this.#journal.append({ type: 'export.lost', to: this.#endpoint, signal: 'logs', events: lost });
  }

  /** Once for a whole outage: the next try follows by itself. */
  #noteFailure(reason: string): void {
    if (!this.#failing) this.#journal.append({ type: 'export.failed', to: this.#endpoint, signal: 'logs', reason });
    this.#failing = true;
  }
}
