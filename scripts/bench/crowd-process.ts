/** The clients of a crowd: opens HTTP/2 connections, leaves them alone, and tells how they end. */
import { connect, type TLSSocket } from 'node:tls';
import type { CrowdOrder, CrowdReport, Ending } from './crowd.ts';

/** Length, type, flags and stream come before a frame's payload (RFC 9113, section 4.1). */
const FRAME_HEADER_BYTES = 9;
const SETTINGS = 4;
const PING = 6;
const ACK = 1;

const frame = (type: number, flags: number, payload = Buffer.alloc(0)): Buffer =>
  Buffer.concat([Buffer.from([0, 0, payload.length, type, flags, 0, 0, 0, 0]), payload]);

/** RFC 9113, section 3.4: the preface, and SETTINGS that change nothing. */
const opening = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(SETTINGS, 0)]);
const settingsAck = frame(SETTINGS, ACK);
const ping = frame(PING, 0, Buffer.alloc(8));

/** Handshakes under way at any time: enough to keep a server busy, too few to overflow its backlog. */
const OPENING_AT_ONCE = 50;

/** One connection. `node:http2` would do, but hides when a byte passes. */
class Client {
  readonly opened: Promise<void>;
  readonly ended: Promise<Ending>;
  readonly #socket: TLSSocket;
  #lastTrafficAt = 0;
  #unread = Buffer.alloc(0);

  constructor({ port, pingEveryMs }: CrowdOrder) {
    const socket = connect({ host: '127.0.0.1', port, ALPNProtocols: ['h2'], rejectUnauthorized: false });
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.once('secureConnect', () => this.#send(opening));

    let code = 'FIN';
    socket.on('error', (error: NodeJS.ErrnoException) => {
      code = error.code ?? error.message;
    });
    this.ended = new Promise((resolve) => {
      socket.once('close', () => resolve({ code, idleMs: performance.now() - this.#lastTrafficAt }));
    });
    this.opened = new Promise((resolve, reject) => {
      socket.once('close', () => reject(new Error(`A connection ended before it was open: ${code}.`)));
      socket.on('data', (chunk) => {
        this.#lastTrafficAt = performance.now();
        if (!this.#sawSettings(chunk)) return;
        this.#send(settingsAck);
        resolve();
      });
    });
    if (pingEveryMs !== undefined) setInterval(() => this.#send(ping), pingEveryMs);
  }

  #send(bytes: Buffer): void {
    this.#lastTrafficAt = performance.now();
    this.#socket.write(bytes);
  }

  /** Whether the server's own SETTINGS are complete with this chunk. */
  #sawSettings(chunk: Buffer): boolean {
    let saw = false;
    this.#unread = Buffer.concat([this.#unread, chunk]);
    while (this.#unread.length >= FRAME_HEADER_BYTES) {
      const length = FRAME_HEADER_BYTES + this.#unread.readUIntBE(0, 3);
      if (this.#unread.length < length) break;
      saw ||= this.#unread[3] === SETTINGS && this.#unread[4] !== ACK;
      this.#unread = this.#unread.subarray(length);
    }
    return saw;
  }
}

const report = (given: CrowdReport) => process.send?.(given);

process.once('message', async (order: CrowdOrder) => {
  let left = order.count;
  const openSome = async () => {
    while (left-- > 0) {
      const client = new Client(order);
      void client.ended.then((ending) => report({ type: 'ended', ending }));
      await client.opened;
    }
  };
  await Promise.all(Array.from({ length: OPENING_AT_ONCE }, openSome));
  report({ type: 'open' });
});
