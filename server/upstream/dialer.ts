import net, { isIP, type Socket } from 'node:net';
import { setTimeout } from 'node:timers';
import tls, { createSecureContext, type SecureContext } from 'node:tls';
import type { OwnPorts } from '../own-ports.ts';
import { connectionClosed, failureBy, UpstreamError } from './failures.ts';
import { hostOf, type UpstreamTarget } from './target.ts';

export type Alpn = 'h2' | 'http/1.1';

/** Opens connections to an upstream, and closes all of them at once. */
export class Dialer {
  readonly #url: URL;
  /** Once for all connections: reading all that a machine trusts takes longer than a handshake. */
  readonly #secureContext: SecureContext | undefined;
  readonly #ownPorts: OwnPorts;
  readonly #connectMs: number;
  readonly #sockets = new Set<Socket>();
  #isClosed = false;

  constructor({ origin, ca }: UpstreamTarget, ownPorts: OwnPorts, connectMs: number) {
    this.#url = new URL(origin);
    this.#secureContext = ca && createSecureContext({ ca: [...ca] });
    this.#ownPorts = ownPorts;
    this.#connectMs = connectMs;
  }

  /** Whether connections use TLS, and so ALPN. */
  get isSecure(): boolean {
    return this.#url.protocol === 'https:';
  }

  /** Opens a connection; with TLS, once the handshake is done.
   * @throws UpstreamError */
  connect(alpn: readonly Alpn[]): Promise<Socket> {
    const socket = this.#open(alpn);
    this.#sockets.add(socket);
    return new Promise((resolve, reject) => {
      const reason = `no connection within ${this.#connectMs} ms`;
      const late = new UpstreamError({ error: 'connection_timeout', reason });
      const patience = setTimeout(() => socket.destroy(late), this.#connectMs);
      // Before TLS: a lane of ours would take part in the handshake.
      socket.once('connect', () => this.#refuseLoop(socket));
      socket.once(this.isSecure ? 'secureConnect' : 'connect', () => {
        clearTimeout(patience);
        resolve(socket);
      });
      socket.on('error', (error) => reject(failureBy(error)));
      socket.once('close', () => {
        clearTimeout(patience);
        this.#sockets.delete(socket);
        reject(connectionClosed());
      });
      if (this.#isClosed) socket.destroy();
    });
  }

  /** Ends every connection. */
  close(): void {
    this.#isClosed = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  #refuseLoop(socket: Socket): void {
    const { remoteAddress = '', remotePort = 0 } = socket;
    if (this.#ownPorts.reachedAt(remoteAddress, remotePort).length === 0) return;
    const reason = `${this.#url.origin} is this server`;
    socket.destroy(new UpstreamError({ error: 'proxy_loop_detected', reason }));
  }

  #open(alpn: readonly Alpn[]): Socket {
    const host = hostOf(this.#url);
    const { port, protocol } = this.#url;
    const common = { host, noDelay: true, keepAlive: true };
    if (protocol === 'http:') return net.connect({ ...common, port: Number(port || 80) });
    return tls.connect({
      ...common,
      port: Number(port || 443),
      ALPNProtocols: [...alpn],
      // RFC 6066, section 3: an address is no server name.
      ...(isIP(host) === 0 && { servername: host }),
      ...(this.#secureContext && { secureContext: this.#secureContext }),
    });
  }
}
