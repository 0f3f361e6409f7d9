import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Writable } from 'node:stream';
import type { ResponsePlan } from '../faults/plans.ts';
import type { Committed, LeftRequest, StampableEntry } from '../journal.ts';
import type { Lane } from '../lane.ts';
import { attemptExchange } from './boundary.ts';
import { closeConnection } from './closing.ts';
import type { Connection, Reason, Seat } from './connection.ts';
import { maskQuery } from './mask-query.ts';
import { urlInLane } from './result-path.ts';
import { readCallKeys, readTrace, snapshotOf } from './trace.ts';

export type Headers = Readonly<Record<string, number | string | readonly string[] | undefined>>;

/**
 * A request and its answer, alike over HTTP/2 and HTTP/1.1.
 *
 * Fastify writes to it as to a ServerResponse. Over HTTP/2 that replaces Node's compatibility layer, which costs a
 * quarter of the throughput: here a response is a `respond()` and an `end()` on the stream.
 */
export abstract class Exchange {
  readonly connection: Connection;
  /** The lane that this call is meant for, and the connection's number there. */
  readonly seat: Seat;
  readonly id: number;
  readonly method: string;
  /** Path and query, as the lane knows them. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly receivedAt: number;
  abstract readonly stream: number | undefined;
  protected abstract readonly sink: Writable;

  // What Fastify reads and writes on a ServerResponse.
  statusCode = 200;
  headersSent = false;
  writableEnded = false;

  /** What the faults on this request add up to; absent when none struck. */
  plan: ResponsePlan | undefined;
  /** The faults that wrote the plan, for the journal. */
  struckBy: readonly string[] = [];
  /** The answer will not be finished, on purpose. */
  abandoned = false;
  /** Its answer is withheld: only the client can end it. */
  hung = false;
  goawaySent = false;
  /** The body comes from elsewhere, and may fail on its way: its end is kept back until it is there. */
  mayBreakOff = false;
  /** A fault left nothing of the answer that the client could read. */
  unreadable = false;
  /** The journal knows the body of the request. */
  bodyNoted = false;
  bytesWritten = 0;
  /** Whether it was carried out. What only asks changes nothing. */
  committed: Committed = 'no';
  /** Who calls, once it is received; undefined where the call does not show it. */
  client: string | undefined;
  /** What a refusal asks the client to wait. */
  retryAfter: RetryAfter | undefined;
  /** Which part of the whole a 206 is. */
  contentRange: string | undefined;
  #over: AbortController | undefined;
  #staged: Record<string, number | string | readonly string[] | undefined> | undefined;

  constructor(connection: Connection, method: string, url: string, headers: IncomingHttpHeaders) {
    this.connection = connection;
    this.seat = connection.seatFor(headers, url);
    this.id = ++connection.requestsSeen;
    this.method = method;
    this.url = connection.keepUrl(urlInLane(url, this.lane.id));
    this.headers = headers;
    this.receivedAt = this.lane.clock.now();
    connection.exchanges.add(this);
  }

  get lane(): Lane {
    return this.seat.lane;
  }

  /** Path and query as the journal has them. What a client signs for somebody else's service is no business of ours. */
  get path(): string {
    return this.lane.upstream === undefined ? this.url : maskQuery(this.url);
  }

  /** The bytes of body with which the answer is whole, whatever else follows: HTTP/1.1 with Content-Length has it so. */
  get contentLength(): number | undefined {
    return undefined;
  }

  /** Notes what the service has made of it. */
  noteCarriedOut(status: number): void {
    if (!SAFE.includes(this.method)) this.committed = status < 300 ? 'yes' : 'no';
  }

  /** Notes that an upstream is sent it. */
  notePassedOn(): void {
    if (!SAFE.includes(this.method)) this.committed = 'unknown';
  }

  protected abstract sendHead(status: number, headers: Headers): void;
  /** Ends this exchange alone, with an RST_STREAM of `code`; on HTTP/1.1, which has no streams, the connection is reset. */
  abstract resetStream(code: number, reason: Reason): void;
  /** Ends this exchange in place of an answer that has failed: what was begun must not look finished. */
  protected abstract cutOff(reason: Reason): void;

  /** The same, noted first; nothing where the exchange is over. */
  abort(reason: Reason): void {
    if (this.destroyed) return;
    this.noteAbandoned('rst-stream', reason);
    this.cutOff(reason);
  }

  /** Notes that the answer will not be finished. */
  noteAbandoned(how: 'reset' | 'fin' | 'rst-stream' | 'hang', reason: Reason): void {
    this.abandoned = true;
    this.hung = how === 'hang';
    this.lane.journal.append({
      type: 'response.abandoned',
      connection: this.seat.id,
      request: this.id,
      ...(this.stream !== undefined && { stream: this.stream }),
      how,
      bytes: this.bytesWritten,
      ...reason,
    });
  }

  describe(): LeftRequest {
    return {
      request: this.id,
      stream: this.stream,
      method: this.method,
      path: this.path,
      ...snapshotOf(readTrace(this.headers) ?? {}),
      committed: this.committed,
      retriable: this.committed === 'no',
    };
  }

  /** Writes the event that every request has. */
  noteReceived(): void {
    const { connection } = this;
    const trace = readTrace(this.headers);
    if (trace) connection.latestTrace = trace;
    const keys = readCallKeys(this.headers);
    this.client = this.#identify();
    // Written out, with room for the journal's stamp, as in `end`: every request has both events, and most of what they cost
    // is the garbage collector's work.
    const event: StampableEntry = {
      seq: 0,
      at: 0,
      type: 'request.received',
      connection: this.seat.id,
      client: this.client,
      request: this.id,
      stream: this.stream,
      method: this.method,
      path: this.path,
    };
    const range = shown(this.headers.range);
    const isPlain = !trace && !keys && range === undefined;
    const said = isPlain ? event : { ...event, ...trace, ...keys, ...(range !== undefined && { range }) };
    this.lane.journal.append(said, this.receivedAt);
  }

  /** Whose limits count for this call. */
  get account(): string {
    return this.connection.accountOf(this.headers.authorization);
  }

  /** Finds who calls, and notes it where that is news on this connection. */
  #identify(): string | undefined {
    const { connection, seat, lane, headers } = this;
    const { print, raw } = connection;
    const origin = { print, address: raw.remoteAddress };
    const own = seat.identifier.identify(lane.scenario.clients, headers, origin);
    // A download needs no key: it belongs to the client whose Get returned the URL.
    const owner = own?.explicit ? undefined : lane.results.find(this.url);
    const client = owner ?? own?.client;
    if (client !== undefined && (client !== seat.client || this.#hasNewKey()))
      this.#noteClient(client, owner ? 'video_url' : own?.by);
    return client;
  }

  /** Whether the client has another API key than the last request that brought one: its token may have been renewed. */
  #hasNewKey(): boolean {
    return this.headers.authorization !== undefined && this.account !== this.seat.account;
  }

  #noteClient(client: string, by = ''): void {
    const { seat } = this;
    const userAgent = this.headers['user-agent'];
    seat.client = client;
    if (this.headers.authorization !== undefined) seat.account = this.account;
    seat.lane.journal.append({
      ...{ type: 'connection.identified', connection: seat.id, client, by },
      ...(userAgent !== undefined && { userAgent }),
      ...(this.headers.authorization !== undefined && { account: this.account }),
    });
  }

  /** Why this exchange ends otherwise than the service would end it. */
  get faultReason(): Reason {
    return { by: 'fault', cause: this.struckBy.join(', ') };
  }

  /** Whether the answer can reach nobody any more. */
  get destroyed(): boolean {
    return this.sink.destroyed;
  }

  /** Calls `run` once the exchange is over, however it ended. */
  onceClosed(run: () => void): void {
    this.sink.once('close', run);
  }

  /** Aborts when the exchange is over: for whatever waits on its behalf. */
  get signal(): AbortSignal {
    if (this.#over) return this.#over.signal;
    const over = new AbortController();
    this.#over = over;
    if (this.destroyed) over.abort();
    else this.onceClosed(() => over.abort());
    return over.signal;
  }

  setHeader(name: string, value: number | string | readonly string[]): this {
    this.#staged = { ...this.#staged, [name.toLowerCase()]: value };
    return this;
  }

  getHeader(name: string) {
    return this.#staged?.[name.toLowerCase()];
  }

  getHeaders(): OutgoingHttpHeaders {
    return { ...this.#staged } as OutgoingHttpHeaders;
  }

  hasHeader(name: string): boolean {
    return this.getHeader(name) !== undefined;
  }

  removeHeader(name: string): void {
    delete this.#staged?.[name.toLowerCase()];
  }

  writeHead(status: number, headers: Headers = {}): this {
    this.statusCode = status;
    if (this.headersSent || this.destroyed) return this;
    this.headersSent = true;
    const fields = this.#staged ? { ...this.#staged, ...headers } : headers;
    if (status === 206) this.contentRange = shown(fields['content-range']);
    if (status >= 400) this.retryAfter = readRetryAfter(fields['retry-after'], this.lane.clock.wallNow());
    // Node throws for a head that it cannot send, and this may be called from where nobody would catch it.
    attemptExchange(this, () => this.sendHead(status, fields));
    return this;
  }

  write(chunk: string | Uint8Array): boolean {
    if (this.destroyed) return false;
    if (!this.headersSent) this.writeHead(this.statusCode);
    this.#count(chunk);
    return this.sink.write(chunk);
  }

  /** Writes and resolves once the bytes have been handed to the kernel, or the exchange is over. */
  send(chunk: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      if (this.destroyed) return resolve();
      const done = () => {
        this.sink.removeListener('close', done);
        resolve();
      };
      this.sink.once('close', done);
      this.#count(chunk);
      this.sink.write(chunk, done);
    });
  }

  end(chunk?: string | Uint8Array | null): this {
    if (this.writableEnded || this.destroyed) return this;
    if (!this.headersSent) this.writeHead(this.statusCode);
    if (chunk != null) this.#count(chunk);
    this.writableEnded = true;
    if (this.connection.muted) this.noteAbandoned('fin', this.connection.half?.reason ?? { by: 'fault' });
    else this.#noteSent();
    if (chunk == null) this.sink.end();
    else this.sink.end(chunk);
    return this;
  }

  /** Node sends no body in answer to HEAD. */
  #count(chunk: string | Uint8Array): void {
    if (this.method !== 'HEAD') this.bytesWritten += Buffer.byteLength(chunk);
  }

  #noteSent(): void {
    const { retryAfter, contentRange } = this;
    const now = this.lane.clock.now();
    const event: StampableEntry = {
      seq: 0,
      at: 0,
      type: 'response.sent',
      connection: this.seat.id,
      request: this.id,
      stream: this.stream,
      method: this.method,
      path: this.path,
      status: this.statusCode,
      bytes: this.bytesWritten,
      ms: Math.round(now - this.receivedAt),
    };
    const altered = this.plan !== undefined && isAltered(this.plan);
    const more = {
      ...retryAfter,
      ...(contentRange !== undefined && { contentRange }),
      ...(altered && { altered }),
      ...(this.unreadable && { unreadable: true as const }),
    };
    const isPlain = !retryAfter && contentRange === undefined && !altered && !this.unreadable;
    this.lane.journal.append(isPlain ? event : { ...event, ...more }, now);
  }

  destroy(error?: Error): this {
    this.sink.destroy(error);
    return this;
  }

  on(event: string, listener: (...given: unknown[]) => void): this {
    this.sink.on(event, listener);
    return this;
  }

  once(event: string, listener: (...given: unknown[]) => void): this {
    this.sink.once(event, listener);
    return this;
  }

  removeListener(event: string, listener: (...given: unknown[]) => void): this {
    this.sink.removeListener(event, listener);
    return this;
  }

  emit(event: string, ...given: unknown[]): boolean {
    return this.sink.emit(event, ...given);
  }
}

/** RFC 9110, section 9.2.1. */
const SAFE: readonly string[] = ['GET', 'HEAD', 'OPTIONS', 'TRACE'];

const isAltered = ({ statusBefore, statusAfter, changeBody, lengthOffBy }: ResponsePlan): boolean =>
  [statusBefore, statusAfter, changeBody, lengthOffBy].some((alteration) => alteration !== undefined);

/** A header's value, as far as the journal shows it. */
const shown = (value: unknown): string | undefined =>
  typeof value === 'string' ? value.slice(0, VALUE_SHOWN) : undefined;

/** What the field `Retry-After` of an answer asks for. */
type RetryAfter = { readonly retryAfterMs: number } | { readonly retryAfterUnreadable: string };

/** How much of a value is noted. */
const VALUE_SHOWN = 60;

/** Seconds or a date (RFC 9110, section 10.2.3), as milliseconds from now. */
function readRetryAfter(value: Headers[string], nowMs: number): RetryAfter | undefined {
  if (value === undefined) return undefined;
  const text = String(value);
  // What is neither, such as `1.5`, JavaScript may take for a date of its own.
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : HTTP_DATE.test(text) ? Date.parse(text) - nowMs : Number.NaN;
  return Number.isNaN(ms) ? { retryAfterUnreadable: text.slice(0, VALUE_SHOWN) } : { retryAfterMs: Math.max(0, ms) };
}

/** RFC 9110, section 5.6.7: its own form, and the two that are obsolete. */
const HTTP_DATE =
  /^(?:[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} GMT|[A-Z][a-z]+day, \d\d-[A-Z][a-z]{2}-\d\d [\d:]{8} GMT|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d [\d:]{8} \d{4})$/;

/** Connection-specific fields have no place in HTTP/2 (RFC 9113, section 8.2.2); Node refuses a message that has one. */
const HOP_BY_HOP = ['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'] as const;

function withoutHopByHop(headers: Headers): Headers {
  if (!HOP_BY_HOP.some((name) => headers[name] !== undefined)) return headers;
  const {
    connection: _c,
    'keep-alive': _k,
    'proxy-connection': _p,
    'transfer-encoding': _t,
    upgrade: _u,
    ...admitted
  } = headers;
  return admitted;
}

/** An HTTP/2 stream. */
export class Http2Exchange extends Exchange {
  readonly stream: number;
  protected readonly sink: ServerHttp2Stream;

  constructor(connection: Connection, sink: ServerHttp2Stream, headers: IncomingHttpHeaders) {
    super(connection, String(headers[':method']), String(headers[':path']), headers);
    this.sink = sink;
    this.stream = sink.id ?? 0;
  }

  /** A client may have reset the stream before Node tells of it: then it is closed, and not destroyed yet. */
  override get destroyed(): boolean {
    return this.sink.destroyed || this.sink.closed;
  }

  protected sendHead(status: number, headers: Headers): void {
    const admitted = withoutHopByHop(headers);
    // Node fills in a status of 200 by itself, and copies what it is given.
    const fields = status === 200 ? admitted : { ':status': status, ...admitted };
    // Node's close(code) sends END_STREAM before RST_STREAM, which turns an aborted body into a finished one. A stream
    // that waits for trailers is left open instead.
    const waits = this.mayBreakOff || this.plan?.end?.how === 'rst-stream';
    this.sink.respond(fields as OutgoingHttpHeaders, waits ? { waitForTrailers: true } : undefined);
    if (this.mayBreakOff) this.sink.once('wantTrailers', () => this.#finish());
  }

  resetStream(code: number, _reason: Reason): void {
    this.sink.close(code);
  }

  /** RST_STREAM with INTERNAL_ERROR, and no END_STREAM before it. */
  protected cutOff(): void {
    this.sink.destroy(new Error('The answer has failed.'));
  }

  /** Sends END_STREAM, which without any trailers is an empty DATA frame. */
  #finish(): void {
    if (!this.abandoned && !this.destroyed) this.sink.sendTrailers({});
  }
}

const saysClose = (connection: unknown): boolean => /\bclose\b/i.test(String(connection ?? ''));

/** Whether a client wants no more than this one answer, in words (RFC 9112, section 9.3). */
function closesConnection({ httpVersion, headers: { connection } }: IncomingMessage): string | undefined {
  if (saysClose(connection)) return 'connection: close';
  return httpVersion === '1.0' && !/\bkeep-alive\b/i.test(connection ?? '') ? 'HTTP/1.0' : undefined;
}

/** An HTTP/1.1 request and its response. */
export class Http1Exchange extends Exchange {
  readonly stream = undefined;
  protected readonly sink: ServerResponse;
  #closing = false;
  #contentLength: number | undefined;
  readonly #clientCloses: string | undefined;

  constructor(connection: Connection, request: IncomingMessage, response: ServerResponse) {
    super(connection, request.method ?? 'GET', request.url ?? '/', request.headers);
    this.sink = response;
    response.once('close', () => connection.exchanges.remove(this));
    this.#clientCloses = closesConnection(request);
  }

  /** Why this is the last exchange on its connection, where it is. */
  get closeReason(): Reason {
    if (this.plan?.goaway) return this.faultReason;
    return this.#closing && !this.#clientCloses
      ? { by: 'server', cause: 'connection: close' }
      : { by: 'client', cause: this.#clientCloses ?? 'connection: close' };
  }

  override get contentLength(): number | undefined {
    return this.#contentLength;
  }

  protected sendHead(status: number, headers: Headers): void {
    this.#closing = saysClose(headers.connection);
    const length = headers['content-length'];
    if (length !== undefined) this.#contentLength = Number(length);
    const closing = this.plan?.goaway ? { connection: 'close' } : undefined;
    this.sink.writeHead(status, { ...headers, ...closing } as OutgoingHttpHeaders);
    // Node holds the head back until the first byte of the body; a fault may want to end between the two.
    this.sink.flushHeaders();
  }

  resetStream(_code: number, reason: Reason): void {
    closeConnection(this.connection, 'reset', reason);
  }

  protected cutOff(reason: Reason): void {
    closeConnection(this.connection, 'reset', reason);
  }
}
