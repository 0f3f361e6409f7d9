import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { Timer } from '../clock.ts';
import type { TransportPlan } from '../faults/plans.ts';
import { randomSequence } from '../random.ts';
import { attempt, guardEvents } from './boundary.ts';
import type { Connection, Reason } from './connection.ts';
import { Way } from './way.ts';

/** A TLS record: type, version (2 bytes), length (2 bytes), then that many bytes (RFC 8446, section 5.1). */
const RECORD_HEADER_BYTES = 5;

export interface RelaySetting {
  readonly plan?: TransportPlan | undefined;
  /** Called once the server's first record, its ServerHello, is on its way; nothing after it is sent. */
  readonly cut?: (() => void) | undefined;
  /** Why the plan ends our side of the connection, if it does. */
  readonly reason: Reason;
}

/**
 * Stands between the raw socket and TLS, and carries the bytes as a plan says: late, slowly, in pieces, not at all for a
 * while, or only so many of them. Only connections whose plan needs that get one: it takes the bytes through JavaScript.
 */
export class Relay extends Duplex {
  readonly #connection: Connection;
  readonly #raw: Socket;
  readonly #plan: TransportPlan;
  readonly #reason: Reason;
  readonly #toClient: Way;
  readonly #toServer: Way;
  readonly #over = new AbortController();
  readonly #cut: (() => void) | undefined;
  #firstRecord = Buffer.alloc(0);
  #sentBytes = 0;
  #finished = false;
  #flightBegun = false;
  #wanted: (() => void) | undefined;
  #freezing: Timer | undefined;

  constructor(connection: Connection, { plan = { toClient: {}, toServer: {} }, cut, reason }: RelaySetting) {
    super();
    const { lane, raw, id } = connection;
    this.#connection = connection;
    this.#raw = raw;
    this.#plan = plan;
    this.#reason = reason;
    this.#cut = cut;
    const { clock } = lane;
    const thawsAtMs = plan.freeze ? connection.openedAt + plan.freeze.afterMs + plan.freeze.forMs : 0;
    const freezesAtMs = plan.freeze ? thawsAtMs - plan.freeze.forMs : 0;
    const heldUntilMs = () => (clock.now() >= freezesAtMs ? thawsAtMs : 0);
    if (plan.freeze)
      this.#freezing = clock.after(Math.max(0, freezesAtMs - clock.now()), () => this.#noteFreeze(thawsAtMs));
    const common = { clock, over: this.#over.signal, heldUntilMs };
    const random = (way: string) => randomSequence(lane.seed, `jitter ${id} ${way}`);
    this.#toClient = new Way({
      ...common,
      plan: plan.toClient,
      random: random('to-client'),
      deliver: (piece) => this.#send(piece),
    });
    this.#toServer = new Way({
      ...common,
      plan: plan.toServer,
      random: random('to-server'),
      deliver: (piece) => this.#receive(piece),
    });
    // TLS reads from it, and Node's part of that may throw.
    guardEvents(this, connection);
    raw.on('data', (chunk: Buffer) => {
      const room = this.#toServer.take(chunk);
      if (!room) return;
      raw.pause();
      attempt(connection, () => room.then(() => raw.resume()));
    });
    raw.on('end', () => attempt(connection, () => this.#toServer.drained().then(() => this.push(null))));
    raw.on('close', () => this.destroy());
  }

  /** Resolves once all that the server has written so far is with the kernel, or nobody is left to send it to. */
  drained(): Promise<void> {
    return this.#toClient.drained();
  }

  override _read(): void {
    this.#wanted?.();
    this.#wanted = undefined;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    attempt(this.#connection, () => {
      const room = this.#finished ? undefined : this.#cut ? this.#takeFirstRecord(chunk, this.#cut) : this.#take(chunk);
      if (!room) return done();
      return room.then(() => done());
    });
  }

  override _final(done: (error?: Error | null) => void): void {
    attempt(this.#connection, async () => {
      await this.drained();
      this.#raw.end();
      this.#connection.noteFinSent();
      done();
    });
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#over.abort();
    this.#freezing?.cancel();
    this._read();
    this.#raw.destroy();
    done(error);
  }

  #noteFreeze(thawsAtMs: number): void {
    const forMs = Math.round(thawsAtMs - this.#connection.lane.clock.now());
    this.#connection.note({ type: 'connection.frozen', forMs, ...this.#reason });
  }

  #take(bytes: Buffer): Promise<void> | undefined {
    const { flight } = this.#plan;
    if (!flight || this.#connection.tls) return this.#toClient.take(bytes);
    const { delayMs, bytesPerSecond } = flight;
    const first = !this.#flightBegun;
    this.#flightBegun = true;
    return this.#toClient.take(bytes, { delayMs: first ? delayMs : 0, bytesPerSecond });
  }

  #takeFirstRecord(chunk: Buffer, cut: () => void): Promise<void> | undefined {
    const head = Buffer.concat([this.#firstRecord, chunk]);
    this.#firstRecord = head;
    const length = RECORD_HEADER_BYTES + (head.length >= RECORD_HEADER_BYTES ? head.readUInt16BE(3) : 0);
    if (head.length < length) return undefined;
    this.#finished = true;
    const room = this.#take(head.subarray(0, length));
    attempt(this.#connection, () => this.drained().then(cut));
    return room;
  }

  /** Resolves once the kernel has the bytes, or will never take them. */
  async #send(piece: Buffer): Promise<void> {
    const { halfClose } = this.#plan;
    const leftBytes = halfClose ? halfClose.afterBytes - this.#sentBytes : piece.length;
    if (!this.#raw.writable) return;
    await new Promise<void>((resolve) => this.#raw.write(piece.subarray(0, leftBytes), () => resolve()));
    this.#sentBytes += Math.min(piece.length, leftBytes);
    if (halfClose && piece.length >= leftBytes) this.#closeHalf();
  }

  /** Sends FIN where TLS and HTTP above know nothing of it: they go on, and what they say is lost. */
  #closeHalf(): void {
    if (this.#connection.ended || this.#connection.half) return;
    const { id, lane } = this.#connection;
    lane.journal.append({
      type: 'connection.half-closed',
      connection: id,
      afterBytes: this.#sentBytes,
      ...this.#reason,
    });
    this.#finished = true;
    this.#connection.half = { at: lane.clock.now(), how: 'fin', reason: this.#reason };
    this.#connection.muted = true;
    this.#raw.end();
  }

  /** Resolves once TLS would take more. */
  #receive(piece: Buffer): Promise<void> | undefined {
    if (this.push(piece)) return undefined;
    return new Promise((resolve) => {
      this.#wanted = resolve;
    });
  }
}
