import { hash } from 'node:crypto';
import { type Attributes, type SpanContext, SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { CallbackNews, JournalEvent } from '../journal.ts';
import { snapshotOf } from '../wire/trace.ts';
import { toHrTime } from './hr-time.ts';

/** The steps of a callback, each the parent of the next (reference, D6). */
type Step = 'receive' | 'process' | 'commit';

/** How many callbacks may be followed at one time; the one that has been longest is given up. More are never under way, but the end
 * of some may be among events that are lost. */
const MAX_FOLLOWED = 20_000;

/** Where every span says it comes from. */
const scope = { name: 'seedance-mock.callbacks' };

const kinds = {
  receive: SpanKind.CONSUMER,
  process: SpanKind.CLIENT,
  commit: SpanKind.INTERNAL,
} as const satisfies Record<Step, SpanKind>;

/** The step that a callback is in. */
interface Progress {
  readonly step: Step;
  readonly sinceMs: number;
  /** What happened in it, as events of its span. */
  readonly notes: ReadableSpan['events'];
}

/** How a span ends. */
interface Ending {
  readonly atMs: number;
  /** Why it failed; left out, it did not. */
  readonly failure?: string | undefined;
}

/**
 * Makes spans of the journal's events on callbacks. `receive` lasts from the change of status until the callback is sent for the
 * first time, `process` until it is acknowledged or given up, and `commit` marks the acknowledgement. They continue the trace of the
 * call that created the task; where that brought none, all callbacks of a task share one of their own.
 */
export class CallbackSpans {
  readonly #resource: Resource;
  readonly #followed = new Map<string, Progress>();

  constructor(resource: Resource) {
    this.#resource = resource;
  }

  /** The spans that end with an event; events are to come in their order. */
  read(event: JournalEvent): readonly ReadableSpan[] {
    switch (event.type) {
      case 'callback.accepted':
      case 'dead-letter.replayed':
        this.#enter('receive', event);
        return [];
      case 'callback.held':
        this.#note(event);
        return [];
      case 'callback.sent':
        return this.#readSent(event);
      case 'callback.answered':
      case 'callback.failed':
        return this.#readOutcome(event);
      case 'lane.reset':
        this.#followed.clear();
        return [];
      default:
        return [];
    }
  }

  #readSent(event: JournalEvent<'callback.sent'>): readonly ReadableSpan[] {
    const before = this.#followed.get(keyOf(event));
    if (before?.step !== 'process') this.#enter('process', event);
    this.#note(event);
    // There is none before a further copy: it was received together with the first.
    return before?.step === 'receive' ? [this.#spanOf(event, before, { atMs: event.at })] : [];
  }

  #readOutcome(event: JournalEvent<'callback.answered' | 'callback.failed'>): readonly ReadableSpan[] {
    const acknowledged = event.type === 'callback.answered' && event.latencyMs !== undefined;
    const progress = this.#note(event) ?? this.#enter('process', event);
    if (!acknowledged && event.retryInMs !== undefined) return [];
    this.#followed.delete(keyOf(event));
    if (!acknowledged) {
      const failure = event.type === 'callback.answered' ? `answered ${event.code}` : event.reason;
      return [this.#spanOf(event, progress, { atMs: event.at, failure })];
    }
    const commit: Progress = { step: 'commit', sinceMs: event.at, notes: [] };
    return [progress, commit].map((step) => this.#spanOf(event, step, { atMs: event.at }));
  }

  #enter(step: Step, event: CallbackNews & { readonly at: number }): Progress {
    const progress: Progress = { step, sinceMs: event.at, notes: [] };
    this.#followed.set(keyOf(event), progress);
    const [longest] = this.#followed.keys();
    if (longest !== undefined && this.#followed.size > MAX_FOLLOWED) this.#followed.delete(longest);
    return progress;
  }

  #note(event: JournalEvent<'callback.held' | 'callback.sent' | 'callback.answered' | 'callback.failed'>) {
    const progress = this.#followed.get(keyOf(event));
    const attributes: Attributes = {
      'seedance.callback.attempt': event.attempt,
      ...(event.type === 'callback.answered' && { 'http.response.status_code': event.code }),
      ...(event.type === 'callback.failed' && { 'error.message': event.reason }),
    };
    progress?.notes.push({ name: event.type, time: toHrTime(event.at), attributes });
    return progress;
  }

  #spanOf(news: CallbackNews, { step, sinceMs, notes }: Progress, { atMs, failure }: Ending): ReadableSpan {
    const caller = callerOf(news);
    const { traceId } = caller;
    const parent =
      step === 'receive' ? caller.parent : contextOf(traceId, news, step === 'process' ? 'receive' : 'process');
    const context = contextOf(traceId, news, step);
    return {
      name: step,
      kind: kinds[step],
      spanContext: () => context,
      ...(parent && { parentSpanContext: parent }),
      startTime: toHrTime(sinceMs),
      endTime: toHrTime(atMs),
      duration: toHrTime(atMs - sinceMs),
      ended: true,
      status: failure === undefined ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: failure },
      attributes: attributesOf(news, step),
      events: notes,
      links: [],
      resource: this.#resource,
      instrumentationScope: scope,
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    };
  }
}

/** What tells a callback from the next, its copies and its replays. */
const keyOf = ({ bizId, opType, version, copy = 1, replay = 0 }: CallbackNews) =>
  [bizId, opType, version, copy, replay].join(':');

/** The trace of the call that created a task, and that call's span. */
function callerOf(news: CallbackNews): { readonly traceId: string; readonly parent?: SpanContext } {
  const { traceId, spanId } = snapshotOf(news);
  if (traceId === undefined || spanId === undefined) return { traceId: digest(`trace ${news.bizId}`, 32) };
  return { traceId, parent: { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true } };
}

/** Ids are drawn from what they stand for, so that a parent need not be kept for its children. */
function contextOf(traceId: string, { copy = 1, ...news }: CallbackNews, step: Step): SpanContext {
  const key = keyOf({ ...news, copy: step === 'receive' ? 1 : copy });
  return { traceId, spanId: digest(`${traceId} ${step} ${key}`, 16), traceFlags: TraceFlags.SAMPLED };
}

const digest = (text: string, digits: number) => hash('sha256', text).slice(0, digits);

/** By the names of the semantic conventions for messaging: the topic is what happened, the group is who is told. */
function attributesOf(news: CallbackNews, step: Step): Attributes {
  const { bizId, opType, version, url, asyncTraceId, copy, replay } = news;
  return {
    'messaging.system': 'seedance',
    'messaging.operation.name': step,
    'messaging.destination.name': opType,
    'messaging.consumer.group.name': new URL(url).origin,
    'messaging.message.id': `${bizId}:${opType}:${version}`,
    'url.full': url,
    ...(asyncTraceId !== undefined && { 'seedance.async_trace_id': asyncTraceId }),
    ...(copy !== undefined && { 'seedance.callback.copy': copy }),
    ...(replay !== undefined && { 'seedance.callback.replay': replay }),
  };
}
