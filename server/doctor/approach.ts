import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { reasonOf } from '../errors.ts';
import { type Asked, offerFor } from './admin-view.ts';
import type { Door } from './subject.ts';

/** How far a client gets that offers h2 by ALPN, and what it sees on the way. */
export interface Approach {
  /** Where it got to; absent where nobody answers. */
  readonly peer?: string;
  readonly secured?: {
    readonly version: string;
    /** What ALPN settled on; nothing where the server has no ALPN. */
    readonly protocol: string | undefined;
    /** Why the certificate is not trusted, as a code of OpenSSL or Node; nothing where it is. */
    readonly distrust: string | undefined;
    /** Who signed the certificate. */
    readonly issuer: string;
  };
  /** Why it got no further. */
  readonly trouble?: string;
}

interface Way extends Pick<Door, 'host' | 'port'> {
  /** Left out: what this process trusts. */
  readonly ca: string | undefined;
}

/** A name for the ClientHello: an address is none (RFC 6066, section 3). */
const nameFor = (host: string) => (isIP(host) ? '' : host);

/** Connects as a well-behaved client does, and leaves again without a request. Never rejects. */
export function approach({ host, port, ca }: Way, signal: AbortSignal): Promise<Approach> {
  return new Promise((resolve) => {
    const raw = connectTcp({ host, port });
    let peer: string | undefined;
    raw.once('connect', () => {
      peer = `${raw.remoteAddress}:${raw.remotePort}`;
    });
    const socket = connectTls({
      socket: raw,
      host,
      servername: nameFor(host),
      ALPNProtocols: ['h2'],
      // Judged below: what else there is to see is worth seeing.
      rejectUnauthorized: false,
      ...(ca !== undefined && { ca }),
    });
    const end = (got: Approach) => {
      resolve({ ...(peer !== undefined && { peer }), ...got });
      leave(socket, raw);
    };
    socket.once('secureConnect', () => {
      const { authorized, authorizationError, alpnProtocol } = socket;
      const { issuer } = socket.getPeerCertificate();
      end({
        secured: {
          version: socket.getProtocol() ?? '',
          protocol: alpnProtocol || undefined,
          distrust: authorized ? undefined : String(authorizationError),
          issuer: [issuer?.CN ?? 'an unnamed CA'].flat().join(', '),
        },
      });
    });
    socket.on('error', (error) => end({ trouble: troubleOf(error) }));
    raw.on('error', (error) => end({ trouble: troubleOf(error) }));
    signal.addEventListener('abort', () => end({ trouble: 'no answer in time' }), { once: true });
  });
}

/** How the other side ended a connection; `alert` and `let in` are answers in place of an end. */
export type SeenEnd = 'reset' | 'fin' | 'alert' | 'let in' | { readonly unreachable: string };

/** Asks for a connection to be cut, by its ClientHello, and sees how it ends. Never rejects. */
export function seeEnd({ host, port, serverName }: Door, asked: Asked, signal: AbortSignal): Promise<SeenEnd> {
  return new Promise((resolve) => {
    const raw = connectTcp({ host, port });
    let connected = false;
    raw.once('connect', () => {
      connected = true;
    });
    const socket = connectTls({
      socket: raw,
      host,
      servername: nameFor(serverName),
      ALPNProtocols: [offerFor[asked]],
      rejectUnauthorized: false,
    });
    const end = (seen: SeenEnd) => {
      resolve(seen);
      leave(socket, raw);
    };
    const fail = (error: NodeJS.ErrnoException) =>
      end(connected ? nameOfEnd(error) : { unreachable: troubleOf(error) });
    socket.once('secureConnect', () => end('let in')).on('error', fail);
    raw.on('error', fail);
    signal.addEventListener('abort', () => end({ unreachable: 'no answer in time' }), { once: true });
  });
}

function nameOfEnd(error: NodeJS.ErrnoException): SeenEnd {
  if (error.code?.startsWith('ERR_SSL')) return 'alert';
  // A peer that resets before our bytes are out.
  if (error.code === 'EPIPE') return 'reset';
  if (error.code !== 'ECONNRESET') return { unreachable: troubleOf(error) };
  // Node calls a FIN amid the handshake an ECONNRESET as well; a real one names the system call that met it.
  return error.syscall === undefined ? 'fin' : 'reset';
}

/** OpenSSL is in the middle of a read when Node tells that a handshake is done; a socket destroyed there is a crash. */
function leave(socket: TLSSocket, raw: Socket): void {
  setImmediate(() => {
    if (socket.destroyed || socket.getProtocol() === null || raw.connecting) {
      socket.destroy();
      raw.destroy();
      return;
    }
    // With a FIN, not the reset that comes of destroying a socket with something to read; and whoever does not answer it
    // keeps nobody waiting.
    socket.resume().end();
    socket.unref();
  });
}

/** Several addresses that were tried make one error without a message of its own. */
function troubleOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return reasonOf(error);
}
