import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import type { Readable, Writable } from 'node:stream';
import type { Target } from './client.ts';

/** A call whose bodies its test writes and reads piece by piece. */
export interface StreamingCall extends Disposable {
  readonly request: Writable;
  /** Resolves with the head of the answer; the body waits for whoever reads it. */
  readonly answered: Promise<{
    readonly status: number | undefined;
    readonly headers: IncomingHttpHeaders;
    readonly body: Readable;
  }>;
}

/** Opens a call over a connection of its own. */
export function openCall(
  { url, ca }: Target,
  version: 'h2' | 'http/1.1',
  { method, path, headers = {} }: { method: string; path: string; headers?: Record<string, string> },
): StreamingCall {
  if (version === 'h2') {
    const session = http2.connect(url, { ca });
    session.on('error', () => {});
    const stream = session.request({ ':method': method, ':path': path, ...headers }, { endStream: method === 'GET' });
    stream.on('error', () => {});
    const answered = once(stream, 'response').then(([fields]) => ({
      status: fields[':status'],
      headers: fields,
      body: stream,
    }));
    return { request: stream, answered, [Symbol.dispose]: () => session.destroy() };
  }
  const request = https.request(new URL(path, url), { method, headers, ca, agent: false });
  request.on('error', () => {});
  if (method === 'GET') request.end();
  const answered = once(request, 'response').then(([response]) => ({
    status: response.statusCode,
    headers: response.headers,
    body: response.on('error', () => {}),
  }));
  return { request, answered, [Symbol.dispose]: () => void request.destroy() };
}

/** So many turns of the event loop without any news: on loopback, and with nothing that waits for a time, there will be none. */
const STILL_TURNS = 2_000;

/** Resolves with a count once it stands still. */
export async function whenStill(count: () => number): Promise<number> {
  let last = count();
  for (let still = 0; still < STILL_TURNS; still++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (count() === last) continue;
    last = count();
    still = 0;
  }
  return last;
}
