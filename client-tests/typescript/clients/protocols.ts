import { type Dispatcher, Pool, request } from 'undici';
import type { MockServer } from '../../../server/index.ts';
import { TASKS } from '../support/tasks.ts';

export type Protocol = 'h2' | 'http/1.1';

/** How many connections a pool may have; the reference, C2, has these for one host. */
const POOL_SIZES: Record<Protocol, number> = { h2: 8, 'http/1.1': 16 };
/** How many calls share a connection by h2 before the pool opens another. */
export const STREAMS_PER_CONNECTION = 5;

/** A client with one pool for each host and protocol, which goes on over HTTP/1.1 where h2 is cut (reference, C2 and C4). */
export class ProtocolClient implements AsyncDisposable {
  /** Hosts where h2 was cut; a real client would forget them after a while. */
  readonly #withoutH2 = new Set<string>();
  /** How connections failed to come about. Only then it is sure that no byte of a call has left. */
  readonly #connectErrors = new WeakSet<object>();
  readonly #pools = new Map<string, Pool>();
  readonly #server: MockServer;

  constructor(server: MockServer) {
    this.#server = server;
  }

  /** Calls by h2, or by HTTP/1.1 where h2 does not get through. */
  async call(method: Dispatcher.HttpMethod = 'GET', body?: unknown): Promise<number> {
    const { host } = new URL(this.#server.url);
    if (this.#withoutH2.has(host)) return this.callBy('http/1.1', method, body);
    try {
      return await this.callBy('h2', method, body);
    } catch (error) {
      if (!(error instanceof Error && this.#connectErrors.has(error))) throw error;
      this.#withoutH2.add(host);
      return this.callBy('http/1.1', method, body);
    }
  }

  async callBy(protocol: Protocol, method: Dispatcher.HttpMethod = 'GET', body?: unknown): Promise<number> {
    const { url } = this.#server;
    const { statusCode, body: answer } = await request(`${url}${TASKS}`, {
      dispatcher: this.#poolFor(protocol),
      method,
      headers: { authorization: 'Bearer x' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    await answer.dump();
    return statusCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
  }

  #poolFor(protocol: Protocol): Pool {
    const { url, ca } = this.#server;
    const key = `${new URL(url).host} ${protocol}`;
    const known = this.#pools.get(key);
    if (known) return known;
    const pool = new Pool(url, {
      connections: POOL_SIZES[protocol],
      allowH2: protocol === 'h2',
      h2Options: { maxConcurrentStreams: STREAMS_PER_CONNECTION },
      connect: { ca },
    });
    pool.on('connectionError', (_origin, _targets, error) => this.#connectErrors.add(error));
    this.#pools.set(key, pool);
    return pool;
  }
}
