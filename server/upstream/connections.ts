import { createSecureContext, type TLSSocket } from 'node:tls';
import type { Dispatcher } from 'undici';
import type { OwnPorts } from '../own-ports.ts';
import { LOOP } from './failures.ts';
import type { UpstreamTarget } from './target.ts';

/** Enough for any rehearsal: over HTTP/2 each carries a hundred calls. */
const MAX_CONNECTIONS = 64;
/** The service resets what was silent for 8 s, and what sent no PING for 30 s (reference, rules A5 and A6). */
const PING_EVERY_MS = 5_000;
const UNUSED_LIMIT_MS = 4_000;

/** How long an upstream may take, in real time: it keeps its own. */
export interface UpstreamPatience {
  readonly connectMs: number;
  /** From the end of the request to the head of the answer, and from one piece of the body to the next. */
  readonly answerMs: number;
}
const PATIENCE: UpstreamPatience = { connectMs: 10_000, answerMs: 300_000 };

/** The connections to an upstream, shared by all who pass calls through to it. */
export interface Upstream {
  /** Scheme and authority. */
  readonly origin: string;
  /** The version of HTTP that it speaks, as a `Via` field writes it (RFC 9110, section 7.6.3). */
  readonly version: '2' | '1.1';
  /** Sends a call.
   * @throws what the library, the system or OpenSSL have met: `describeFailure` reads it */
  send(call: Omit<Dispatcher.RequestOptions, 'origin'>): Promise<Dispatcher.ResponseData>;
  /** Ends every connection, and what is under way on it. */
  close(): Promise<void>;
}

/** Opens the way to an upstream; the first call connects. HTTP/2 is spoken where its TLS offers it. */
export async function openUpstream(
  { origin, ca }: UpstreamTarget,
  ownPorts: OwnPorts,
  { connectMs, answerMs }: UpstreamPatience = PATIENCE,
): Promise<Upstream> {
  const { buildConnector, Pool } = await loadUndici();
  // Once for all connections: reading all that a machine trusts takes longer than a handshake.
  const secureContext = ca && createSecureContext({ ca: [...ca] });
  // Ends a connection that is not yet made: the pool does not know it.
  const over = new AbortController();
  const options = { allowH2: true, timeout: connectMs, signal: over.signal };
  const connect = buildConnector({ ...options, ...(secureContext && { secureContext }) });
  let version: Upstream['version'] = '1.1';
  const pool = new Pool(origin, {
    allowH2: true,
    connections: MAX_CONNECTIONS,
    pingInterval: PING_EVERY_MS,
    keepAliveTimeout: UNUSED_LIMIT_MS,
    headersTimeout: answerMs,
    bodyTimeout: answerMs,
    connect: (options, done) =>
      connect(options, (...[error, socket]) => {
        if (error) return done(error, null);
        const { remoteAddress = '', remotePort = 0 } = socket;
        if (ownPorts.reachedAt(remoteAddress, remotePort).length > 0) {
          socket.destroy();
          return done(Object.assign(new Error(`${origin} is this server`), { code: LOOP }), null);
        }
        version = (socket as TLSSocket).alpnProtocol === 'h2' ? '2' : '1.1';
        done(null, socket);
      }),
  });
  return {
    origin,
    get version() {
      return version;
    },
    send: (call) => pool.request(call),
    close: () => {
      over.abort();
      return pool.destroy();
    },
  };
}

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
