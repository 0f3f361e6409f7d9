import type { IncomingHttpHeaders } from 'node:http';
import http2, { type ClientHttp2Session } from 'node:http2';

/** What both reference clients have to know, and what makes their time and chance testable. */
export interface ClientSetting {
  readonly url: string;
  readonly ca: string;
  /** Left out: one that every copy of the client shares. */
  readonly apiKey?: string;
  /** Unix milliseconds, on the clock that `sleep` and `after` follow. */
  readonly now: () => number;
  /** Waits so many milliseconds. */
  readonly sleep: (ms: number) => Promise<void>;
  /** Calls `run` once, so many milliseconds from now, unless it is cancelled before. */
  readonly after: (ms: number, run: () => void) => { cancel(): void };
  /** A number in [0, 1). */
  readonly random: () => number;
  readonly userAgent: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Opens a connection; rejects when that fails, or `signal` aborts first. */
export function connect({
  url,
  ca,
  signal,
}: Pick<ClientSetting, 'url' | 'ca'> & { readonly signal?: AbortSignal }): Promise<ClientHttp2Session> {
  return new Promise((resolve, reject) => {
    const session = http2.connect(url, { ca });
    const giveUp = () => session.destroy(new Error('the connection takes too long'));
    signal?.addEventListener('abort', giveUp, { once: true });
    session.once('error', reject);
    session.once('connect', () => {
      session.off('error', reject);
      signal?.removeEventListener('abort', giveUp);
      // What becomes of it, each call learns from its own stream.
      session.on('error', () => {});
      resolve(session);
    });
    session.once('close', () => reject(new Error('closed before it was open')));
  });
}

/** What a request may have besides its place. */
export interface RequestOptions {
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  /** Ends the stream when the caller waits no more. */
  readonly signal?: AbortSignal;
}

/** Sends one request, and waits for the whole answer; rejects when the stream or the connection ends before that, or `signal`
 * aborts. */
export function request(
  session: ClientHttp2Session,
  method: string,
  path: string,
  { headers = {}, body, signal }: RequestOptions = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const stream = session.request(
      { ':method': method, ':path': path, authorization: 'Bearer ark-reference', ...headers },
      { endStream: text === undefined },
    );
    const giveUp = () => stream.close(http2.constants.NGHTTP2_CANCEL);
    signal?.addEventListener('abort', giveUp, { once: true });
    let answer: IncomingHttpHeaders | undefined;
    let whole = false;
    const chunks: Buffer[] = [];
    stream.on('response', (received) => {
      answer = received;
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      whole = true;
    });
    stream.on('error', reject);
    stream.on('close', () => {
      signal?.removeEventListener('abort', giveUp);
      const bytes = Buffer.concat(chunks);
      // On a connection that has had a GOAWAY, Node takes a reset for the end of the body: only the length tells.
      const promised = Number(answer?.['content-length'] ?? bytes.length);
      if (!answer || !whole || stream.rstCode !== 0 || bytes.length !== promised)
        return reject(new Error('the answer did not come whole'));
      resolve({ status: Number(answer[':status']), headers: answer, body: bytes.toString() });
    });
    if (text !== undefined) stream.end(text);
  });
}

export const TASKS = '/api/v3/contents/generations/tasks';
export const lighthouse = {
  model: 'doubao-seedance-2-0-260128',
  content: [{ type: 'text', text: 'A lighthouse at dusk.' }],
};
export const OVER = ['succeeded', 'failed', 'cancelled', 'expired'];
