import net from 'node:net';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import { Changes } from './changes.ts';
import type { Target } from './client.ts';
import { nameOfError } from './frames.ts';

/** How the server's side of a connection is seen to have ended: `reset` is a TCP RST, `fin` a FIN, else an error's code. */
export type SeenEnd = 'open' | 'reset' | 'fin' | (string & {});

/** A socket that keeps what it received and how it was ended, and never closes its own side unasked. */
export class WireSocket implements AsyncDisposable {
  /** `open` until the server has ended the connection. */
  end: SeenEnd = 'open';
  received = '';
  /** What TLS settled on; absent until the handshake is done. */
  secured: { readonly alpn: string | false | null; readonly version: string | null } | undefined;
  readonly #socket: net.Socket;
  readonly #raw: net.Socket;
  readonly #changes = new Changes();

  constructor(socket: net.Socket, raw: net.Socket) {
    this.#socket = socket;
    this.#raw = raw;
    socket.on('data', (bytes: Buffer) => {
      this.received += bytes.toString('latin1');
      this.#changes.tell();
    });
    socket.on('end', () => this.#note('fin'));
    socket.on('error', (error) => this.#note(nameOfEnd(error)));
  }

  /** How many bytes the server has sent, TLS records included. */
  get bytesRead(): number {
    return this.#raw.bytesRead;
  }

  /** Resolves with the end of the connection, once the server has ended it. */
  ended(): Promise<SeenEnd> {
    return this.until(() => this.end !== 'open' && this.end);
  }

  /** Resolves once a text has been received. */
  async saw(text: string): Promise<void> {
    await this.until(() => this.received.includes(text));
  }

  /** Looks at every change; resolves with the first thing seen. */
  until<T>(look: () => T | undefined | false): Promise<T> {
    return this.#changes.until(look);
  }

  /** Resolves once the bytes are with the kernel. */
  async write(bytes: string | Uint8Array): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.write(bytes, () => resolve()));
  }

  /** Writes bytes that are no TLS of ours, on a connection with TLS. */
  writeBelowTls(bytes: Uint8Array): void {
    this.#raw.write(bytes);
  }

  /** Reads no more: what the server sends from now on fills the buffers on the way. */
  stopReading(): void {
    this.#socket.pause();
  }

  /** Writes until the kernel refuses: how a side that has seen a FIN, and no longer reads, learns what came after it. */
  async probe(): Promise<SeenEnd> {
    this.end = 'open';
    while (this.end === 'open') await this.write('?');
    return this.end;
  }

  /** Sends FIN. */
  finish(): void {
    this.#socket.end();
  }

  /** Sends FIN, and no close_notify before it; goes on reading. */
  finishBelowTls(): void {
    this.#raw.end();
  }

  /** Sends RST. */
  reset(): void {
    this.#raw.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
    this.#raw.destroy();
  }

  #note(end: SeenEnd): void {
    this.end = end;
    this.#changes.tell();
  }
}

/** Node reports a FIN in the middle of a handshake as ECONNRESET too; but no system call failed. */
function nameOfEnd(error: NodeJS.ErrnoException): SeenEnd {
  if (nameOfError(error) === 'RESET') return 'reset';
  // EPIPE is how a peer that has seen a FIN learns of the RST after it: Linux, tcp_reset() in CLOSE_WAIT.
  if (error.code === 'EPIPE') return 'reset';
  return error.code === 'ECONNRESET' ? 'fin' : String(error.code);
}

const connect = ({ url }: Target) =>
  net.connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true });

/** Connects, and says nothing. */
export async function openRawSocket(target: Target): Promise<WireSocket> {
  const raw = connect(target);
  const wire = new WireSocket(raw, raw);
  // A reset may be quicker than the news of the connection.
  await Promise.race([new Promise<void>((resolve) => raw.once('connect', resolve)), wire.ended()]);
  return wire;
}

export interface TlsOffer {
  /** Left out: a ClientHello without the extension. */
  readonly alpn?: readonly string[];
  readonly version?: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
  /** Left out: localhost. */
  readonly serverName?: string;
}

const tlsOptions = ({ alpn, version, serverName = 'localhost' }: TlsOffer): tls.ConnectionOptions => ({
  servername: serverName,
  ...(alpn && { ALPNProtocols: [...alpn] }),
  // OpenSSL itself refuses TLS 1.1 above this level.
  ...(version && { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' }),
});

/** The ClientHello that a connection with TLS begins with. */
export function makeClientHello(offer: TlsOffer = {}): Promise<Buffer> {
  return new Promise((resolve) => {
    const paper = new Duplex({ read: () => {}, write: (bytes: Buffer) => resolve(bytes) });
    tls.connect({ socket: paper, ...tlsOptions(offer) });
  });
}

/** Connects with TLS; resolves once the handshake is done, or the server has ended the connection. */
export async function openTlsSocket(target: Target, offer: TlsOffer = {}): Promise<WireSocket> {
  const raw = connect(target);
  const socket = tls.connect({ socket: raw, ca: target.ca, ...tlsOptions(offer) });
  const wire = new WireSocket(socket, raw);
  const secured = new Promise<void>((resolve) =>
    socket.once('secureConnect', () => {
      wire.secured = { alpn: socket.alpnProtocol, version: socket.getProtocol() };
      resolve();
    }),
  );
  await Promise.race([secured, wire.ended()]);
  await leaveOpenSsl();
  return wire;
}

/** OpenSSL is in the middle of a read when Node tells that a handshake is done; a socket destroyed there is a crash. */
export const leaveOpenSsl = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
