import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import net from 'node:net';
import { type DecodedPacket, decode, encode, type Packet } from 'dns-packet';
import type { MockServer } from '../../../server/index.ts';

/** The port of `127.0.0.1:53053`. */
export const portOf = (address = ''): number => Number(address.split(':').at(-1));

/** The bytes of a query for A, but for what is given. */
export const queryFor = (name: string, given: Packet = {}): Buffer =>
  encode({ type: 'query', id: 4_711, questions: [{ type: 'A', name }], ...given });

/** The low four bits of the flags, RFC 1035 section 4.1.1. */
export const rcodeOf = ({ flags = 0 }: Packet): number => flags & 0xf;

/** Sends datagrams one after the other; resolves with the first reply to any of them. */
export async function askByUdp(address = '', messages: readonly Buffer[], from = '127.0.0.1'): Promise<DecodedPacket> {
  const socket = createSocket('udp4').bind(0, from);
  await once(socket, 'listening');
  try {
    for (const message of messages) socket.send(message, portOf(address), '127.0.0.1');
    const [reply] = await once(socket, 'message');
    return decode(reply);
  } finally {
    socket.close();
  }
}

/** A connection to a DNS server, which says what it was sent until the server closes it. */
export async function openDnsConnection(address = '') {
  const socket = net.connect(portOf(address), '127.0.0.1');
  const replies: DecodedPacket[] = [];
  let received = Buffer.alloc(0);
  socket.on('error', () => {});
  socket.on('data', (bytes: Buffer) => {
    received = Buffer.concat([received, bytes]);
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
      const end = 2 + received.readUInt16BE(0);
      replies.push(decode(received.subarray(2, end)));
      received = received.subarray(end);
      socket.emit('reply');
    }
  });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await once(socket, 'connect');
  return {
    replies,
    closed,
    write: (bytes: Buffer) => void socket.write(bytes),
    pause: () => void socket.pause(),
    async writeUntilClosed(bytes: Buffer) {
      while (!socket.destroyed) await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
    },
    reset: () => void socket.resetAndDestroy(),
    /** Resolves once there are this many replies. */
    async saw(count: number) {
      while (replies.length < count) await once(socket, 'reply');
    },
    [Symbol.asyncDispose]: async () => void socket.destroy(),
  };
}

/** With the two bytes of length that go before a message on a connection. */
export function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

/** What a program does that asks this server and no other: c-ares, over real sockets. */
export function resolverOf(server: { readonly dns?: string }, options = {}): Resolver {
  const resolver = new Resolver(options);
  resolver.setServers([server.dns ?? '']);
  return resolver;
}

/** What the journal says of each query. */
export const told = (server: MockServer) =>
  server.journal
    .events('dns.query')
    .map(({ transport, record, rcode, answers, truncated }) =>
      [transport, record, rcode, ...answers, truncated && 'TC'].filter(Boolean).join(' '),
    );
