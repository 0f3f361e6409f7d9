import http2, {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from 'node:http2';
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { setInterval, setTimeout } from 'node:timers';
import { type ErrorCode, errorCodes } from '../faults/error-codes.ts';
import type { UpstreamAnswer, UpstreamCall } from './call.ts';
import { connectionClosed, failureBy, UpstreamError } from './failures.ts';

/** The minimum that RFC 9113, section 6.5.2, recommends to peers. A peer may allow fewer. */
const MAX_CALLS = 100;
/** The service resets a connection that is silent for 8 s, or sends no PING for 30 s (A5, A6). */
const PING_EVERY_MS = 5_000;

export interface Http2Setting {
  /** Scheme and authority. */
  readonly origin: string;
  /** How long the upstream may take to send its SETTINGS. */
  readonly connectMs: number;
  /** How long the head of an answer may take, and each piece of its body. */
  readonly answerMs: number;
  /** How long the connection stays without a call. */
  readonly unusedMs: number;
}

/**
 * An HTTP/2 connection to an upstream. We do not use undici here, because it reports two broken
 * answers as complete: it drops the end of a body that is read slowly and has trailers, and it
 * ignores RST_STREAM with NO_ERROR or CANCEL.
 */
export class Http2Connection {
  readonly #session: ClientHttp2Session;
  readonly #origin: URL;
  readonly #answerMs: number;
  #calls = 0;

  private constructor(socket: Socket, { origin, answerMs, unusedMs }: Http2Setting) {
    this.#origin = new URL(origin);
    this.#answerMs = answerMs;
    const session = http2.connect(origin, { createConnection: () => socket, settings: { enablePush: false } });
    this.#session = session;
    const pinging = setInterval(() => session.destroyed || session.ping(() => {}), PING_EVERY_MS);
    session.once('close', () => clearInterval(pinging));
    session.setTimeout(unusedMs, () => {
      if (this.#calls === 0) session.close();
    });
  }

  /** Resolves when the upstream's SETTINGS have arrived: they limit the number of calls.
   * @throws UpstreamError */
  static open(socket: Socket, setting: Http2Setting): Promise<Http2Connection> {
    const connection = new Http2Connection(socket, setting);
    const session = connection.#session;
    return new Promise((resolve, reject) => {
      const reason = `no SETTINGS within ${setting.connectMs} ms`;
      const late = new UpstreamError({ error: 'connection_timeout', reason });
      const patience = setTimeout(() => session.destroy(late), setting.connectMs);
      session.once('remoteSettings', () => {
        clearTimeout(patience);
        resolve(connection);
      });
      session.once('close', () => {
        clearTimeout(patience);
        reject(connectionClosed());
      });
      // Each call on this connection gets the error from its stream.
      session.on('error', (error) => reject(failureBy(error)));
    });
  }

  /** Whether it takes calls. */
  get isOpen(): boolean {
    return !this.#session.closed && !this.#session.destroyed;
  }

  /** Whether it takes another call besides those that it carries. */
  get hasRoom(): boolean {
    const { maxConcurrentStreams = MAX_CALLS } = this.#session.remoteSettings;
    return this.isOpen && this.#calls < Math.min(MAX_CALLS, maxConcurrentStreams);
  }

  onceClosed(run: () => void): void {
    this.#session.once('close', run);
  }

  /** Sends a call.
   * @throws UpstreamError */
  async send({ method, path, headers, body, signal }: UpstreamCall): Promise<UpstreamAnswer> {
    const { protocol, host } = this.#origin;
    const stream = this.#session.request(
      { ...headers, ':method': method, ':path': path, ':scheme': protocol.slice(0, -1), ':authority': host },
      { endStream: body === null, signal },
    );
    this.#calls++;
    stream.once('close', () => this.#calls--);
    const answer = new StreamedAnswer(stream, this.#session, this.#answerMs);
    // If the request fails, its answer fails as well.
    if (body) pipeline(body, stream, () => {});
    const { ':status': statusCode = 0, ...fields } = await answer.head();
    const read = { [Symbol.asyncIterator]: () => answer.body(), destroy: () => giveUp(stream) };
    return { statusCode, headers: fields, body: read };
  }
}

function giveUp(stream: ClientHttp2Stream): void {
  if (stream.writableEnded) stream.close(errorCodes.CANCEL);
  // close() would send END_STREAM first: half a request would look complete.
  else stream.destroy(new Error('The answer was given up.'));
}

/** The answer on a stream, as far as it arrives. */
class StreamedAnswer {
  readonly #stream: ClientHttp2Stream;
  readonly #session: ClientHttp2Session;
  readonly #answerMs: number;
  #hasBegun = false;
  #hasEnded = false;
  #error: NodeJS.ErrnoException | undefined;

  constructor(stream: ClientHttp2Stream, session: ClientHttp2Session, answerMs: number) {
    this.#stream = stream;
    this.#session = session;
    this.#answerMs = answerMs;
    // Node ends the stream after END_STREAM and after a reset, without an event that differs. But
    // only after a reset the stream is already closed at that moment.
    const push = stream.push.bind(stream);
    stream.push = (piece, encoding) => {
      this.#hasEnded ||= piece === null && !stream.closed;
      return push(piece, encoding);
    };
    stream.on('error', (error) => {
      this.#error ??= error;
    });
    stream.setTimeout(answerMs, () => stream.destroy(this.#late()));
  }

  /** @throws UpstreamError */
  head(): Promise<IncomingHttpHeaders & IncomingHttpStatusHeader> {
    return new Promise((resolve, reject) => {
      this.#stream.once('response', (fields) => {
        this.#hasBegun = true;
        this.#stream.setTimeout(0);
        resolve(fields);
      });
      this.#stream.once('close', () => reject(this.#failure()));
    });
  }

  /** @throws UpstreamError */
  async *body(): AsyncGenerator<Uint8Array> {
    const pieces: AsyncIterator<Uint8Array> = this.#stream[Symbol.asyncIterator]();
    try {
      for (;;) {
        this.#stream.setTimeout(this.#answerMs);
        const { done, value } = await pieces.next();
        // The reader may be slow: that is not the upstream's delay.
        this.#stream.setTimeout(0);
        if (done) break;
        yield value;
      }
    } catch {
      throw this.#failure();
    }
    if (!this.#hasEnded) throw this.#failure();
  }

  #late(): UpstreamError {
    const reason = `nothing for ${this.#answerMs} ms`;
    return new UpstreamError({ error: this.#hasBegun ? 'connection_read_timeout' : 'http_response_timeout', reason });
  }

  /** Why the answer ended early. */
  #failure(): unknown {
    const { rstCode = 0 } = this.#stream;
    if (this.#error && this.#error.code !== 'ERR_HTTP2_STREAM_ERROR') return failureBy(this.#error);
    if (this.#session.destroyed) return connectionClosed();
    const error = this.#hasBegun ? 'http_response_incomplete' : 'http_protocol_error';
    const unprocessed = !this.#hasBegun && rstCode === errorCodes.REFUSED_STREAM;
    return new UpstreamError({ error, reason: `the stream ended with ${nameOfCode(rstCode)}` }, { unprocessed });
  }
}

const nameOfCode = (code: number): string =>
  (Object.keys(errorCodes) as ErrorCode[]).find((name) => errorCodes[name] === code) ?? `code ${code}`;
