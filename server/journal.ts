import { type Problem, reasonOf } from './errors.ts';

/** Trace context a client sent along; kept on every event that ends a call, so that it can be found downstream. */
export interface Trace {
  /** W3C Trace Context, header `traceparent`. */
  readonly traceparent?: string;
  /** Header `x-async-trace-id`. */
  readonly asyncTraceId?: string;
}

/** A fault that may strike from now on. */
export interface ArmedFault {
  readonly fault: string;
  readonly hook: string;
  /** When it strikes, whom, and what it does. */
  readonly did: string;
}

/** A callback, as far as the journal's events on it agree. */
export interface CallbackNews extends Trace {
  readonly task: string;
  /** The status it tells of. */
  readonly status: string;
  /** Where it goes, without the query, which may hold a secret. */
  readonly url: string;
  /** With `opType` and `version` what tells one piece of news from the next (reference, D3). */
  readonly bizId: string;
  readonly opType: string;
  readonly version: number;
  /** A fault altered its body: it is no JSON any more, or says something else. */
  readonly spoilt?: 'unreadable' | 'altered';
  /** From 1: which copy of a duplicated callback; left out, the first. */
  readonly copy?: number;
  /** From 1: which replay of a dead letter; left out, none. */
  readonly replay?: number;
}

/** A callback and which of its tries. */
export interface CallbackTry extends CallbackNews {
  /** From 1; each copy and each replay starts again. */
  readonly attempt: number;
}

/** A callback that was never acknowledged, and is kept. */
export interface DeadLetterNews extends CallbackNews {
  readonly letter: string;
  /** The retry class by which it was tried. */
  readonly class: string;
}

/** Trace context with what its `traceparent` says, where it is well formed. */
export interface TraceSnapshot extends Trace {
  readonly traceId?: string;
  readonly spanId?: string;
}

/** What a client says of a call, by which its attempts are known to belong together. */
export interface CallKeys {
  /** Header `idempotency-key` or `x-idempotency-key`. */
  readonly idempotencyKey?: string;
  /** Header `x-client-request-id` (reference, Ark API section 8). */
  readonly clientRequestId?: string;
}

/** A request that had no complete answer yet when something happened to its connection. */
export interface OpenRequest extends TraceSnapshot {
  readonly request: number;
  /** The HTTP/2 stream identifier; absent on HTTP/1.1. */
  readonly stream?: number | undefined;
  readonly method: string;
  readonly path: string;
}

/** Whether the service has carried a call out: `unknown`, an upstream was sent it, and gave no answer. A GET changes nothing. */
export type Committed = 'yes' | 'no' | 'unknown';

/** A request that the end of its connection leaves open. */
export interface LeftRequest extends OpenRequest {
  readonly committed?: Committed;
  /** It may be sent again without being carried out twice. */
  readonly retriable?: boolean;
}

/** Who ended a connection or a call. `network`: the kernel gave the connection up, as the client was not reached any more. */
export type EndedBy = 'client' | 'rule' | 'fault' | 'shutdown' | 'admin' | 'server' | 'upstream' | 'network';

/** How a connection ended: a TCP RST, a FIN, a GOAWAY and then a FIN, or a failure such as a bad TLS record. */
export type EndedHow = 'reset' | 'fin' | 'goaway' | 'error';

/** Everything that can be known about a run. One union, told apart by `type`. */
export type JournalEntry =
  /** `storage`: it came to the storage port, where no service rule and no fault on connections applies. */
  | { type: 'connection.opened'; connection: number; remote: string; storage?: true }
  | {
      type: 'connection.hello';
      connection: number;
      alpn: readonly string[] | null;
      /** JA4 of this ClientHello, as FoxIO specifies it. */
      ja4: string;
      /** What of the ClientHello identifies the client: the same whether it resumes a session, retries,
       * names the server, or offers another ALPN list. */
      print: string;
      serverName?: string;
      earlyData?: true;
    }
  /** The first time that a request on a connection shows whose it is, and again when a later one shows
   * another. `by` is the entry of `clients.by` that decided; `video_url`: the signed URL that a Get of
   * this client returned. Requests that do not show it belong to the client of their connection. */
  | {
      type: 'connection.identified';
      connection: number;
      client: string;
      by: string;
      userAgent?: string;
      /** The name of its API key. */
      account?: string;
    }
  /** A fault shows a certificate that a client must refuse: `expired`, `wrong-host`. */
  | { type: 'certificate.shown'; connection: number; certificate: string }
  | { type: 'connection.secured'; connection: number; protocol: 'h2' | 'http/1.1'; tls: string; cipher: string }
  | {
      type: 'connection.ended';
      connection: number;
      remote: string;
      by: EndedBy;
      how: EndedHow;
      /** The name of the rule or fault; `protocol`: the client broke HTTP/2 or HTTP/1.1; else the code of an error. */
      cause?: string;
      /** Of a breach of the protocol: its code, as in RFC 9113 section 7 or of Node's parser, and what was wrong. */
      code?: string;
      explanation?: string;
      idleMs: number;
      ageMs: number;
      /** Of the latest call on it that brought one. */
      trace?: TraceSnapshot;
      requests: readonly LeftRequest[];
    }
  /** Its ClientHello named another lane, in whose journal it goes on. */
  | { type: 'connection.handed-over'; connection: number; to: string }
  | { type: 'connection.queued'; connection: number; place: number; by: EndedBy; cause?: string }
  | { type: 'connection.released'; connection: number; waitedMs: number }
  | { type: 'connection.hung'; connection: number; by: EndedBy; cause?: string }
  /** From here on nothing of it passes in either direction, for so long of lane time. */
  | { type: 'connection.frozen'; connection: number; forMs: number; by: EndedBy; cause?: string }
  | { type: 'connection.half-closed'; connection: number; afterBytes: number; by: EndedBy; cause?: string }
  /** `client` is left out where the request does not show it. */
  | ({
      type: 'request.received';
      connection: number;
      client?: string | undefined;
      /** Header `range`, as far as it can be shown. */
      range?: string;
    } & OpenRequest &
      CallKeys)
  /** A request's body has been read; `digest` tells whether another is the same. */
  | {
      type: 'request.body';
      connection: number;
      request: number;
      bytes: number;
      digest: string;
      /** Of a create that could be read: the same where two differ in their seed or mark alone. It is not the task's `intent`. */
      intent?: string;
    }
  | {
      type: 'response.sent';
      connection: number;
      request: number;
      stream?: number | undefined;
      method: string;
      path: string;
      status: number;
      bytes: number;
      ms: number;
      /** What `Retry-After` asks a client to wait, in the client's time. */
      retryAfterMs?: number;
      /** A `Retry-After` that is neither seconds nor a date (RFC 9110, section 10.2.3), such as `1.5`. */
      retryAfterUnreadable?: string;
      /** Header `content-range` of a 206 (RFC 9110, section 14.4): which part of the whole it is. */
      contentRange?: string;
      /** By a fault: another status, another body, or a length that is not the body's. */
      altered?: true;
      /** By a fault: it says success, and its body is not the JSON that the service answers with. */
      unreadable?: true;
    }
  | {
      type: 'response.abandoned';
      connection: number;
      request: number;
      stream?: number;
      by: EndedBy;
      how: string;
      /** How many bytes of its body were sent before. */
      bytes: number;
      cause?: string;
    }
  /** The service behind this one gave no answer, or not the whole of it: neither a fault nor the client's doing. */
  | {
      type: 'upstream.failed';
      connection: number;
      request: number;
      stream?: number;
      /** As in RFC 9209, section 2.3: `connection_refused`, `http_response_timeout`. */
      error: string;
      reason: string;
      /** What the client is answered in its place; left out where its answer had begun. */
      status?: number;
    }
  | {
      type: 'heartbeat';
      connection: number;
      source: 'ping' | 'header' | 'endpoint';
      ageMs: number;
      judgedBy: 'client' | 'arrival';
      /** What `x-client-timestamp` said, where that is no time within a day of ours: only its arrival counts. */
      unreadable?: string;
    }
  /** In recordings of older versions `lastStreamId` may be left out: the highest seen by then. */
  | { type: 'goaway.sent'; connection: number; code: number; lastStreamId?: number }
  /** A client opened a stream above the last one that a GOAWAY of ours admits; seen only where frames are looked at. */
  | { type: 'stream.late'; connection: number; stream: number }
  | { type: 'goaway.received'; connection: number; code: number; lastStreamId: number }
  /** A client's RST_STREAM, or that which nghttp2 answers a client's breach of the rules with; not those with NO_ERROR. */
  | {
      type: 'stream.reset';
      connection: number;
      request: number;
      stream: number;
      code: number;
      by?: EndedBy;
      /** The name of the code. */
      cause?: string;
    }
  /** What a fault did to one frame that passed. */
  | {
      type: 'frame.tampered';
      connection: number;
      stream: number;
      cause: string;
      direction: 'to-client' | 'from-client';
      frame: string;
      did: string;
    }
  | { type: 'rule.applied'; rule: string; connection: number; did: string; line: string }
  | {
      type: 'fault.injected';
      fault: string;
      hook: string;
      ordinal: number;
      did: string;
      connection?: number;
      request?: number;
      stream?: number;
      task?: string;
    }
  | {
      type: 'dns.query';
      remote: string;
      transport: 'udp' | 'tcp';
      /** Absent when the query could not be read. */
      name?: string;
      /** The type of record asked for: `A`, `AAAA`. */
      record?: string;
      /** `none`: it is left unanswered. */
      rcode: string;
      answers: readonly string[];
      truncated: boolean;
      ms: number;
    }
  /** A call was refused with 429 by a limit of the service, which is no fault. */
  | {
      type: 'limit.reached';
      /** Its key in the scenario: `createPerMinute`, `fourK.createPerMinute`, `queued`. */
      limit: string;
      account: string;
      /** The model, whatever its version, where the limit counts each by itself. */
      model?: string;
      /** How many the account has had; more than are allowed when the limit was lowered meanwhile. */
      used: number;
      allowed: number;
    }
  /** `connection` and `request` name the call that created it. */
  | {
      type: 'task.created';
      task: string;
      model: string;
      connection?: number;
      request?: number;
      account?: string;
      /** A digest of what was asked for, without the seed and the mark: equal where two creates want the same. */
      intent?: string;
      /** A digest of the mark, `safety_identifier`, that was sent. */
      mark?: string;
    }
  | { type: 'task.changed'; task: string; from: string; to: string }
  /** No worker was free in time, and nobody will look for one again: the task stays queued until it expires. */
  | { type: 'task.dropped'; task: string; tries: number }
  | { type: 'task.retried'; task: string; tries: number }
  /** Its worker was lost, and it starts anew on another. */
  | { type: 'task.moved'; task: string }
  /** `tasks` are those that hang now. */
  | { type: 'workers.lost'; lost: number; of: number; tasks: readonly string[] }
  | { type: 'workers.back'; back: number }
  | { type: 'task.deleted'; task: string }
  /** Get is about to show a task as it stood before. */
  | { type: 'task.regressed'; task: string; from: string; to: string }
  /** A new status was taken on for delivery: from here on it is tried until it is acknowledged or given up. */
  | ({ type: 'callback.accepted'; class: string } & CallbackNews)
  /** Its receiver is out of rotation: the try waits, and `place` says behind how many. */
  | ({ type: 'callback.held'; receiver: string; place: number } & CallbackTry)
  | ({ type: 'callback.sent' } & CallbackTry)
  /** Any answer; 2xx acknowledges, and then `latencyMs` counts from `callback.accepted` or the replay. `retryInMs` is left out where
   * no further try follows; `replayed` says that the receiver knew the callback. */
  | ({
      type: 'callback.answered';
      code: number;
      ms: number;
      retryInMs?: number;
      latencyMs?: number;
      replayed?: true;
    } & CallbackTry)
  | ({
      type: 'callback.failed';
      reason: string;
      /** No answer came in time. */
      timedOut?: true;
      ms: number;
      retryInMs?: number;
    } & CallbackTry)
  /** Out of rotation: an alert (reference, D4). `timeouts` are those in a row. */
  | { type: 'receiver.paused'; receiver: string; timeouts: number; pauseMs: number }
  /** Back in rotation; `held` are the tries that waited for it. */
  | { type: 'receiver.resumed'; receiver: string; outMs: number; held: number }
  /** `bytes` are those it takes up here. */
  | ({
      type: 'dead-letter.archived';
      attempts: number;
      reason: string;
      bytes: number;
      compressed: boolean;
    } & DeadLetterNews)
  | ({ type: 'dead-letter.replayed' } & DeadLetterNews)
  /** Nobody came for it in time. */
  | ({ type: 'dead-letter.expired' } & DeadLetterNews)
  /** The oldest had to make room for a new one. */
  | ({ type: 'dead-letter.displaced'; limit: number } & DeadLetterNews)
  | ({ type: 'dead-letter.deleted' } & DeadLetterNews)
  /** `warnings` tell what of it has no effect; left out, nothing. */
  | {
      type: 'scenario.loaded';
      name: string;
      seed: number;
      faults: number;
      /** Those faults; left out, none. */
      armed?: readonly ArmedFault[];
      /** After so many lane milliseconds of silence the service ends a connection; left out, never. */
      idleAfterMs?: number;
      warnings?: readonly string[];
    }
  | { type: 'scenario.refused'; from: string; stays: string; problems: readonly Problem[] }
  | { type: 'listener.closed'; cause: string }
  | { type: 'listener.opened' }
  /** The port begins to drop connections: with those that are open, too few of the process's file
   * descriptors are left. `listener.relieved` says how many it dropped. */
  | { type: 'listener.full'; port: number; connections: number; descriptors: number }
  | { type: 'listener.relieved'; port: number; dropped: number }
  | ({ type: 'fault.armed' } & ArmedFault)
  | { type: 'fault.disarmed'; fault: string }
  /** A command of `run` has ended; `code` is left out where it could not start, was stopped, or a signal ended it. */
  | { type: 'command.ended'; copy: string; how: string; code?: number }
  | { type: 'lane.reset' }
  | { type: 'lane.opened'; lane: string; scenario: string; seed: number }
  | { type: 'lane.closed'; lane: string }
  /** From here on so many lane milliseconds pass in one of the client's; `manual`: only an advance moves the lane's time. */
  | { type: 'clock.changed'; mode: 'real' | 'manual'; speed: number }
  /** The admin API is about to advance a manual clock. A program that does so in this process is not noted: its
   * clients wait by the clock that it moves. */
  | { type: 'clock.advanced'; ms: number }
  /** A collector did not take a batch; it is tried again until it is lost. Told once for a whole outage. */
  | { type: 'export.failed'; to: string; signal: 'logs' | 'traces'; reason: string }
  /** So many events had to make room before the collector took them, or the spans that they make up. */
  | { type: 'export.lost'; to: string; signal: 'logs' | 'traces'; events: number }
  /** The recording of a lane cannot be written; events wait. Noted once for a whole outage. */
  | { type: 'recording.failed'; lane: string; folder: string; reason: string }
  /** Events of a lane that its recording does not hold, with their sequence numbers and lane times.
   * Noted once, at the end of an outage or of the recording. */
  | {
      type: 'recording.lost';
      lane: string;
      folder: string;
      events: number;
      firstSeq: number;
      lastSeq: number;
      firstAt: number;
      lastAt: number;
    }
  /** TLS secrets cannot be written to their file. Noted once for a whole outage. */
  | { type: 'keylog.failed'; file: string; reason: string }
  | { type: 'bug'; message: string; stack?: string; connection?: number; request?: number };

export type EventType = JournalEntry['type'];

type WithoutConnection<E> = E extends { readonly connection: number } ? Omit<E, 'connection'> : never;

/** What happened to a connection, yet to be told under the number by which a lane knows it. */
export type ConnectionNews = WithoutConnection<JournalEntry>;

/** A moment in the journal. */
export interface Moment {
  /** Counts from 1. */
  readonly seq: number;
  /** Lane time, in Unix milliseconds. */
  readonly at: number;
  /** Real time, in Unix milliseconds: under a manual clock, and where the clock changes. */
  readonly realAt?: number | undefined;
}

/** An entry as it stands in the journal. */
export type JournalEvent<T extends EventType = EventType> = Extract<JournalEntry, { type: T }> & Moment;

/** An entry that may bring the fields of the journal's stamp, so that being stamped does not change its shape. */
export type StampableEntry = JournalEntry & { seq?: number; at?: number; realAt?: number | undefined };

/** How many events are kept; older ones make room and are counted in `dropped`. */
export const JOURNAL_CAPACITY = 20_000;
/** The most that a journal may be asked to keep: at 300 to 500 bytes each, up to 1 GB. */
export const MAX_JOURNAL_CAPACITY = 2_000_000;

/** The most files of a lane that a recording may be asked to keep. */
export const MAX_RECORDING_FILES = 100_000;

/** The only source of truth: an append-only ring buffer, written before the deed. */
export class Journal {
  readonly capacity: number;
  readonly #ring: JournalEvent[] = [];
  readonly #readers = new Set<(event: JournalEvent) => void>();
  readonly #now: () => number;
  readonly #realNow: () => number | undefined;
  #seq = 0;
  #held: Omit<Moment, 'seq'> | undefined;

  /** @param now lane time
   * @param realNow real time, where lane time does not follow from it */
  constructor(now: () => number, capacity = JOURNAL_CAPACITY, realNow: () => number | undefined = () => undefined) {
    this.#now = now;
    this.#realNow = realNow;
    this.capacity = capacity;
  }

  /** The sequence number of the newest event; 0 when there is none. */
  get seq(): number {
    return this.#seq;
  }

  /** The newest event, and the present time. */
  get moment(): Moment {
    return { seq: this.#seq, ...(this.#held ?? this.#times()) };
  }

  /** Calls `read` with the moment. Until it returns, time stands still in `moment`. */
  atOnce<T>(read: (moment: Moment) => T): T {
    this.#held ??= this.#times();
    try {
      return read(this.moment);
    } finally {
      this.#held = undefined;
    }
  }

  #times(): Omit<Moment, 'seq'> {
    const realAt = this.#realNow();
    return { at: Math.floor(this.#now()), ...(realAt !== undefined && { realAt: Math.floor(realAt) }) };
  }

  /** How many events had to make room for newer ones. */
  get dropped(): number {
    return Math.max(0, this.#seq - this.capacity);
  }

  /** @param nowMs lane time, for whoever has just looked at the clock */
  append(entry: StampableEntry, nowMs = this.#now()): void {
    const event = entry as JournalEvent & { seq: number; at: number; realAt?: number | undefined };
    event.at = Math.floor(nowMs);
    event.seq = ++this.#seq;
    const realNow = this.#realNow();
    if (realNow !== undefined) event.realAt = Math.floor(realNow);
    this.#ring[(event.seq - 1) % this.capacity] = event;
    for (const read of this.#readers) this.#tell(read, event);
  }

  /** Records a failure of our own code: never one that a client, a scenario or the machine caused.
   * @param where the connection and the request that it concerned, if any */
  bug(error: unknown, where: Pick<JournalEvent<'bug'>, 'connection' | 'request'> = {}): void {
    const stack = error instanceof Error && error.stack !== undefined && { stack: error.stack };
    this.append({ type: 'bug', message: reasonOf(error), ...where, ...stack });
  }

  /** The events kept, oldest first; of one type, after one sequence number. */
  events<T extends EventType = EventType>(type?: T, since = 0): readonly JournalEvent<T>[] {
    const first = Math.max(since, this.dropped) + 1;
    const found: JournalEvent<T>[] = [];
    for (let seq = first; seq <= this.#seq; seq++) {
      const event = this.#ring[(seq - 1) % this.capacity] as JournalEvent<T>;
      if (type === undefined || event.type === type) found.push(event);
    }
    return found;
  }

  /** Calls `read` for each event from now on, until the returned function is called. A reader that
   * throws is called no more, and its error is a `bug`. */
  subscribe(read: (event: JournalEvent) => void): () => void {
    this.#readers.add(read);
    return () => this.#readers.delete(read);
  }

  /** Resolves with the first event of a type that satisfies `is`, looking at what is kept first. */
  async waitFor<T extends EventType>(
    type: T,
    is: (event: JournalEvent<T>) => boolean = () => true,
  ): Promise<JournalEvent<T>> {
    const found = this.events(type).find(is);
    if (found) return found;
    return new Promise((resolve) => {
      const stop = this.subscribe((event) => {
        if (event.type !== type || !is(event as JournalEvent<T>)) return;
        stop();
        resolve(event as JournalEvent<T>);
      });
    });
  }

  /** A reader that fails must not make the writer of an event fail. */
  #tell(read: (event: JournalEvent) => void, event: JournalEvent): void {
    try {
      read(event);
    } catch (error) {
      this.#readers.delete(read);
      this.bug(error);
    }
  }
}
