import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { descriptors } from '../../descriptors.ts';
import { problem, reasonOf, UsageError } from '../../errors.ts';
import type { Journal } from '../../journal.ts';
import { listenOn } from '../../listen.ts';
import type { OwnPorts } from '../../own-ports.ts';
import { MAX_QUERY_BYTES } from './message.ts';

/** Who asked, and the way back. */
export interface Asker {
  readonly transport: 'udp' | 'tcp';
  readonly address: string;
  /** Whether nobody waits for the answer any more. */
  gone(): boolean;
  send(reply: Buffer): void;
}

/** What is given each message, whole and without the length that TCP puts before it. */
export type TakeMessage = (message: Buffer, asker: Asker) => void;

/** More connections at a time are turned away; a resolver opens one per query that was truncated. */
const MAX_TCP_CONNECTIONS = 100;
/** After this much silence a connection is closed, in real time (RFC 7766, section 6.2.3, asks for "a few seconds" at least).
 * Above `delay`'s own limit, so that it never cuts off an answer that a scenario holds back. */
const TCP_IDLE_MS = 660_000;
/** Replies that a client leaves unread; with more than that its connection is closed. */
const MAX_UNREAD_BYTES = 65_536;
/** A free port for TCP may be taken for UDP. */
const MAX_PORTS_TRIED = 20;
const LENGTH_BYTES = 2;

/** UDP and TCP on one port. */
export interface DnsSockets {
  /** The address that was bound, which matters when `port` was 0 or `host` a name. */
  readonly bound: AddressInfo;
  close(): Promise<void>;
}

export interface DnsSocketsSetting {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly journal: Journal;
  readonly ownPorts: OwnPorts;
}

/** Listens on both.
 * @throws UsageError PORT_IN_USE, CANNOT_LISTEN */
export async function openSockets(
  { host, port, journal, ownPorts }: DnsSocketsSetting,
  take: TakeMessage,
): Promise<DnsSockets> {
  for (let tried = 1; ; tried++) {
    const { tcp, open } = createTcp(take);
    descriptors.share(tcp, journal, { most: MAX_TCP_CONNECTIONS });
    ownPorts.follow(tcp, 'DNS responder');
    await listenOn(tcp, host, port);
    const bound = tcp.address() as AddressInfo;
    try {
      const udp = await bindUdp(bound, take);
      return { bound, close: () => closeBoth(tcp, open, udp) };
    } catch (error) {
      await new Promise((resolve) => tcp.close(resolve));
      if (port !== 0 || tried === MAX_PORTS_TRIED) throw error;
    }
  }
}

function createTcp(take: TakeMessage): { readonly tcp: Server; readonly open: ReadonlySet<Socket> } {
  const open = new Set<Socket>();
  const tcp = createServer({ noDelay: true }, (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    // A client that resets has no more use for an answer, and that is all there is to know.
    socket.on('error', () => {});
    socket.setTimeout(TCP_IDLE_MS, () => socket.destroy());
    readMessages(socket, take);
  });
  return { tcp, open };
}

/** RFC 1035, section 4.2.2: two bytes of length before each message. */
function readMessages(socket: Socket, take: TakeMessage): void {
  const asker: Asker = {
    transport: 'tcp',
    address: socket.remoteAddress ?? '',
    gone: () => !socket.writable,
    send(reply) {
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt16BE(reply.length);
      socket.write(Buffer.concat([length, reply]));
    },
  };
  let received = Buffer.alloc(0);
  socket.on('data', (bytes: Buffer) => {
    received = Buffer.concat([received, bytes]);
    while (received.length >= LENGTH_BYTES) {
      const length = received.readUInt16BE(0);
      if (length > MAX_QUERY_BYTES || socket.writableLength > MAX_UNREAD_BYTES) return void socket.destroy();
      if (received.length < LENGTH_BYTES + length) return;
      take(received.subarray(LENGTH_BYTES, LENGTH_BYTES + length), asker);
      received = received.subarray(LENGTH_BYTES + length);
    }
  });
}

function bindUdp({ address, family, port }: AddressInfo, take: TakeMessage): Promise<UdpSocket> {
  const udp = createSocket(family === 'IPv6' ? 'udp6' : 'udp4');
  udp.on('message', (message, { address: asker, port: askerPort }) => {
    // Nobody can be answered there: a forged source.
    if (askerPort === 0) return;
    take(message, {
      transport: 'udp',
      address: asker,
      gone: () => false,
      // A datagram that cannot leave is one that got lost: the asker asks again.
      send: (reply) => udp.send(reply, askerPort, asker, () => {}),
    });
  });
  return new Promise((resolve, reject) => {
    udp.once('error', (error: NodeJS.ErrnoException) => {
      udp.close();
      const inUse = error.code === 'EADDRINUSE';
      const at = { host: address, port };
      reject(
        new UsageError([
          inUse ? problem('PORT_IN_USE', at) : problem('CANNOT_LISTEN', { ...at, reason: reasonOf(error) }),
        ]),
      );
    });
    udp.bind(port, address, () => {
      udp.removeAllListeners('error');
      // What the kernel has to say of single datagrams concerns nobody but their askers.
      udp.on('error', () => {});
      resolve(udp);
    });
  });
}

async function closeBoth(tcp: Server, open: ReadonlySet<Socket>, udp: UdpSocket): Promise<void> {
  const closed = new Promise((resolve) => tcp.close(resolve));
  for (const socket of open) socket.destroy();
  await Promise.all([closed, new Promise<void>((resolve) => udp.close(resolve))]);
}
