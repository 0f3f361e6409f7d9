import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { UpstreamAnswer, UpstreamCall } from './call.ts';
import type { Dialer } from './dialer.ts';
import { UpstreamError } from './failures.ts';
import { Http2Connection, type Http2Setting } from './http2-connection.ts';

/** Finds out whether an upstream speaks HTTP/2, and if so, sends calls over it. */
export class Http2Connections {
  readonly #dialer: Dialer;
  readonly #setting: Http2Setting & { readonly connections: number };
  readonly #open = new Set<Http2Connection>();
  #opening: Promise<void> | undefined;
  /** A connection on which ALPN selected HTTP/1.1, until `takeOther` returns it. */
  #other: Socket | undefined;
  /** The result of the latest handshake; undefined before the first. */
  #isSpoken: boolean | undefined;

  /** @param setting how many connections there may be, and what each is opened with */
  constructor(dialer: Dialer, setting: Http2Setting & { readonly connections: number }) {
    this.#dialer = dialer;
    this.#setting = setting;
    if (!dialer.isSecure) this.#isSpoken = false;
  }

  get isSpoken(): boolean {
    return this.#isSpoken === true;
  }

  /** Returns the connection on which ALPN selected HTTP/1.1, once. */
  takeOther(): Promise<Socket> | undefined {
    const other = this.#other;
    this.#other = undefined;
    return other && !other.destroyed ? Promise.resolve(other) : undefined;
  }

  /** Resolves with undefined if the upstream speaks HTTP/1.1 instead.
   * @throws UpstreamError */
  async send(call: UpstreamCall): Promise<UpstreamAnswer | undefined> {
    try {
      return await this.#send(call);
    } catch (error) {
      const again = error instanceof UpstreamError && error.unprocessed && call.body === null;
      if (!again) throw error;
      return this.#send(call);
    }
  }

  /** Makes the next call negotiate the version again. */
  forget(): void {
    if (this.#dialer.isSecure) this.#isSpoken = undefined;
  }

  async #send(call: UpstreamCall): Promise<UpstreamAnswer | undefined> {
    for (let attempt = 0; attempt <= this.#setting.connections; attempt++) {
      if (this.#isSpoken === false) return undefined;
      // The call counts at once, so two waiting calls do not take the same place.
      const connection = this.#choose();
      if (connection) return connection.send(call);
      this.#opening ??= this.#connect().finally(() => {
        this.#opening = undefined;
      });
      await this.#opening;
    }
    throw new UpstreamError({ error: 'connection_terminated', reason: 'no connection stays open for a call' });
  }

  /** A connection with room for a call; at the limit of connections, one without. */
  #choose(): Http2Connection | undefined {
    const open = [...this.#open].filter(({ isOpen }) => isOpen);
    return open.find(({ hasRoom }) => hasRoom) ?? (open.length < this.#setting.connections ? undefined : open[0]);
  }

  async #connect(): Promise<void> {
    const socket = await this.#dialer.connect(['h2', 'http/1.1']);
    this.#isSpoken = socket instanceof TLSSocket && socket.alpnProtocol === 'h2';
    if (!this.#isSpoken) {
      this.#other = socket;
      return;
    }
    const connection = await Http2Connection.open(socket, this.#setting);
    if (!connection.isOpen) return;
    this.#open.add(connection);
    connection.onceClosed(() => this.#open.delete(connection));
  }
}
