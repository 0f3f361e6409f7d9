import type { IncomingHttpHeaders } from 'node:http';
import http2, { type ClientHttp2Session } from 'node:http2';

/** What both reference clients have to know, and what makes their time and chance testable. */
export interface ClientSetting {
  readonly url: string;
  readonly ca: string;
  /** Waits so many milliseconds. */
  readonly sleep: (ms: number) => Promise<void>;
  /** A number in [0, 1). */
  readonly random: () => number;
  readonly userAgent: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Opens a connection; rejects when that fails. */
export function connect({ url, ca }: Pick<ClientSetting, 'url' | 'ca'>): Promise<ClientHttp2Session> {
  return new Promise((resolve, reject) => {
    const session = http2.connect(url, { ca });
    session.once('error', reject);
    session.once('connect', () => {
      session.off('error', reject);
      // What becomes of it, each call learns from its own stream.
      session.on('error', () => {});
      resolve(session);
    });
    session.once('close', () => reject(new Error('closed before it was open')));
  });
}

/** Sends one request, and waits for the whole answer; rejects when the stream or the connection ends before that. */
export function request(
  session: ClientHttp2Session,
  method: string,
  path: string,
  { headers = {}, body }: { readonly headers?: Record<string, string>; readonly body?: unknown } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const stream = session.request(
      { ':method': method, ':path': path, authorization: 'Bearer ark-reference', ...headers },
      { endStream: text === undefined },
    );
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
