import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { Pool } from 'undici';
import type { UpstreamAnswer, UpstreamCall } from './call.ts';
import { failureBy } from './failures.ts';

export interface Http1Setting {
  /** Scheme and authority. */
  readonly origin: string;
  /** How many connections there may be. */
  readonly connections: number;
  /** How long the head of an answer may take, and each piece of its body. */
  readonly answerMs: number;
  /** How long a connection stays without a call. */
  readonly unusedMs: number;
}

/** Sends calls over HTTP/1.1. */
export interface Http1Connections {
  /** @throws UpstreamError */
  send(call: UpstreamCall): Promise<UpstreamAnswer>;
  close(): Promise<void>;
}

/** Prepares to send calls over HTTP/1.1.
 * @param connect opens a connection */
export async function openHttp1(
  connect: () => Promise<Socket>,
  { origin, connections, answerMs, unusedMs }: Http1Setting,
): Promise<Http1Connections> {
  const { Pool } = await loadUndici();
  const pool = new Pool(origin, {
    allowH2: false,
    connections,
    keepAliveTimeout: unusedMs,
    headersTimeout: answerMs,
    bodyTimeout: answerMs,
    connect: (_, done) => {
      connect().then(
        (socket) => done(null, reportReset(socket)),
        (error) => done(error, null),
      );
    },
  });
  return { send: (call) => send(pool, call), close: () => pool.destroy() };
}

async function send(pool: Pool, { method, ...call }: UpstreamCall): Promise<UpstreamAnswer> {
  try {
    // Any token will do for a method, whatever the library's type says.
    const { statusCode, headers, body } = await pool.request({ ...call, method: method as 'GET' });
    // The reader gets the error.
    body.on('error', () => {});
    const read = { [Symbol.asyncIterator]: () => readBody(body), destroy: () => void body.destroy() };
    return { statusCode, headers, body: read };
  } catch (error) {
    throw failureBy(error);
  }
}

async function* readBody(body: Readable): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw failureBy(error);
  }
}

/** Makes undici report a reset in the middle of an answer that ends with its connection. With the
 * code ECONNRESET, undici treats that answer as complete. RFC 9112, section 8: it is incomplete. */
const reportReset = (socket: Socket): Socket =>
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ECONNRESET') error.code = 'ECONNABORTED';
  });

/** Where Node's `fetch` finds the agent that it sends by. */
const FETCH_AGENT = Symbol.for('undici.globalDispatcher.1');

/** Loads the library when it is wanted: few servers have an upstream, and each would start the later for it. On its way it puts an agent
 * of its own behind the `fetch` of this process, which would make a client under test in here speak HTTP/2: Node's own stays. */
async function loadUndici(): Promise<typeof import('undici')> {
  // Node makes its agent when one of the classes of `fetch` is first looked at.
  void globalThis.Response;
  const agent: unknown = Reflect.get(globalThis, FETCH_AGENT);
  const undici = await import('undici');
  Reflect.set(globalThis, FETCH_AGENT, agent);
  return undici;
}
