import { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { frameFlags, frameTypes, MAX_STREAM_ID } from '../faults/frame-types.ts';
import type { ExtraFrame, Frame, FrameRule } from '../faults/plans.ts';
import { chance } from '../random.ts';
import { attempt, guardEvents } from './boundary.ts';
import type { Connection } from './connection.ts';
import { carryOutDeed, encodeOutgoing, type Outgoing } from './frame-deeds.ts';
import { FrameGate } from './frame-gate.ts';
import {
  decodeHead,
  encodeFrame,
  FRAME_HEADER_BYTES,
  type FrameHead,
  FrameReader,
  nameOfFrame,
  PREFACE,
} from './frames.ts';

interface CountedRule extends FrameRule {
  /** How many frames it has fitted so far. */
  count: number;
}

/** The rules for the frames of a session, and the faults that made them. */
export interface FramePlan {
  readonly rules: readonly FrameRule[];
  readonly cause: string;
}

/**
 * Stands between TLS and HTTP/2, sees every frame, and drops, delays, alters and adds some. It takes the bytes through
 * JavaScript, so only connections of a scenario that needs it get one.
 *
 * nghttp2 knows nothing of what is added, and would take an answer to it for a breach of the protocol: the
 * acknowledgements of added SETTINGS and PINGs stop here.
 */
export class FrameTap extends Duplex {
  readonly #connection: Connection;
  readonly #socket: TLSSocket;
  readonly #cause: string;
  readonly #toClient: readonly CountedRule[];
  readonly #fromClient: readonly CountedRule[];
  readonly #sent: FrameReader;
  readonly #gate: FrameGate;
  /** Whose SETTINGS the client has yet to acknowledge, in the order in which they were sent. */
  readonly #settings: ('own' | 'added')[] = [];
  /** What the added PINGs carry that the client has yet to acknowledge. */
  readonly #pings: string[] = [];
  #out: Buffer[] = [];
  /** Whole frames that wait for the end of one which is on its way, or for the SETTINGS with which a server begins. */
  #behind: { readonly bytes: Buffer; readonly added: boolean }[] = [];
  #begun = false;
  /** The highest stream that the client has opened, and the highest that it may still open. */
  #highest = 0;
  #admitted = MAX_STREAM_ID;

  constructor(connection: Connection, socket: TLSSocket, { rules, cause }: FramePlan) {
    super();
    this.#connection = connection;
    this.#socket = socket;
    this.#cause = cause;
    const of = (direction: FrameRule['direction']) =>
      rules.filter((rule) => rule.direction === direction).map((rule) => ({ ...rule, count: 0 }));
    this.#toClient = of('to-client');
    this.#fromClient = of('from-client');
    this.#gate = new FrameGate(connection.lane.clock, {
      send: (bytes) => this.#emit(bytes),
      released: () => this.#flush(),
    });
    this.#sent = new FrameReader({
      wants: (head) => this.#looksAtSent(head),
      pass: (bytes) => this.#out.push(bytes),
      take: (frame) => this.#strikeSent(frame),
    });
    const received = new FrameReader(
      {
        wants: (head) => this.#looksAtReceived(head),
        pass: (bytes) => this.#handUp(bytes),
        take: (frame) => this.#strikeReceived(frame),
      },
      PREFACE.byteLength,
    );
    // HTTP/2 reads from it.
    guardEvents(this, connection);
    socket.on('data', (bytes: Buffer) => received.read(bytes));
    // Not before the end of the connection is in the journal: the requests that it leaves open end with the session.
    connection.raw.on('close', () => this.destroy());
  }

  /** Sends frames of our own, at their pace, until they are all sent or the connection is gone.
   * @param ownStream the stream of those that name none */
  add(extra: ExtraFrame, ownStream = 0): void {
    attempt(this.#connection, () => this.#addAll(extra, ownStream));
  }

  async #addAll({ frame, count, perSecond }: ExtraFrame, ownStream: number): Promise<void> {
    const bytes =
      frame instanceof Uint8Array ? Buffer.from(frame) : encodeFrame({ ...frame, stream: frame.stream ?? ownStream });
    for (let sent = 0; sent < count && !this.destroyed; sent++) {
      if (sent > 0 && perSecond !== undefined) await this.#connection.lane.clock.sleep(1_000 / perSecond);
      this.#emit(bytes, true);
      if (perSecond !== undefined) this.#flush();
    }
    this.#flush();
  }

  /** From now on a stream above this one is late, as a GOAWAY of ours says. */
  admitUpTo(lastStreamId: number): void {
    this.#admitted = lastStreamId;
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this._writev([{ chunk }], done);
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: () => void): void {
    attempt(this.#connection, () => {
      for (const { chunk } of chunks) this.#sent.read(chunk);
      this.#flush(done);
    });
  }

  override _final(done: () => void): void {
    if (this.#socket.writable) this.#socket.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#gate.shut();
    this.#socket.destroySoon();
    done(error);
  }

  #handUp(bytes: Buffer): void {
    if (!this.push(bytes)) this.#socket.pause();
  }

  /** Sends whole frames, as soon as no other is under way. */
  #emit(bytes: Buffer, added = false): void {
    this.#behind.push({ bytes, added });
    if (this.#begun && this.#sent.between) this.#catchUp();
  }

  #catchUp(): void {
    for (const { bytes, added } of this.#behind.splice(0)) {
      if (added) this.#noteAdded(bytes);
      this.#out.push(bytes);
    }
  }

  #flush(done?: () => void): void {
    if (this.#begun && this.#sent.between) this.#catchUp();
    const [first] = this.#out;
    if (!first || !this.#socket.writable) return done?.();
    // One write is one TLS record and one system call.
    const bytes = this.#out.length === 1 ? first : Buffer.concat(this.#out);
    this.#out = [];
    const hasRoom = this.#socket.write(bytes);
    if (!done) return;
    if (hasRoom) done();
    else this.#socket.once('drain', done);
  }

  #looksAtSent(head: FrameHead): boolean {
    this.#begun = true;
    if (this.#gate.busy || this.#toClient.some((rule) => fits(rule, head))) return true;
    this.#noteSettings(head, 'own');
    return false;
  }

  #looksAtReceived(head: FrameHead): boolean {
    if (head.type === frameTypes.HEADERS) this.#noteStream(head.stream);
    // What is acknowledged first was sent first, so of SETTINGS each acknowledgement has to be seen.
    if (isAck(head) && (head.type === frameTypes.SETTINGS || (head.type === frameTypes.PING && this.#pings.length > 0)))
      return true;
    return this.#fromClient.some((rule) => fits(rule, head));
  }

  #noteStream(stream: number): void {
    // A stream's second HEADERS are its trailers.
    if (stream <= this.#highest) return;
    this.#highest = stream;
    if (stream <= this.#admitted) return;
    const { id, lane } = this.#connection;
    lane.journal.append({ type: 'stream.late', connection: id, stream });
  }

  #strikeSent(frame: Frame): void {
    let left: Outgoing = frame;
    let holdMs = 0;
    let last = false;
    for (const rule of this.#toClient) {
      if (!strikes(rule, frame)) continue;
      const { deed, count } = rule;
      this.#record('to-client', frame, deed.how);
      const struck = carryOutDeed(left, deed, (draw) => this.#roll(frame, count, draw));
      if (!struck) return;
      left = struck;
      if (deed.how === 'delay') holdMs += deed.ms;
      last ||= deed.how === 'swell' && deed.endless;
    }
    this.#noteSettings(frame, 'own');
    this.#gate.pass(frame, encodeOutgoing(left), holdMs);
    if (last) this.#gate.shut();
  }

  #strikeReceived(frame: Frame): void {
    if (this.#answersAdded(frame)) return;
    const dropped = this.#fromClient.filter((rule) => strikes(rule, frame)).length > 0;
    if (!dropped) return this.#handUp(encodeFrame(frame));
    this.#record('from-client', frame, 'drop');
    if (frame.type !== frameTypes.WINDOW_UPDATE) this.#connection.misread ??= { by: 'fault', cause: this.#cause };
  }

  /** Before the deed, as everything in the journal. */
  #record(direction: FrameRule['direction'], head: Omit<Frame, 'payload'>, did: string): void {
    this.#connection.lane.journal.append({
      type: 'frame.tampered',
      connection: this.#connection.id,
      stream: head.stream,
      cause: this.#cause,
      direction,
      frame: `${nameOfFrame(head.type)}${canAck(head) && isAck(head) ? ' ACK' : ''}`,
      did,
    });
  }

  #roll({ type }: Frame, count: number, draw: number): number {
    const { lane, id } = this.#connection;
    return chance(lane.seed, lane.id, this.#cause, id, type, count, draw);
  }

  #noteSettings(head: Omit<Frame, 'payload'>, whose: 'own' | 'added'): void {
    if (head.type === frameTypes.SETTINGS && !isAck(head)) this.#settings.push(whose);
  }

  #noteAdded(bytes: Buffer): void {
    if (bytes.length < FRAME_HEADER_BYTES) return;
    const head = decodeHead(bytes);
    this.#noteSettings(head, 'added');
    if (head.type === frameTypes.PING && !isAck(head)) this.#pings.push(opaqueOf(bytes.subarray(FRAME_HEADER_BYTES)));
  }

  /** Whether a frame acknowledges what was added here. */
  #answersAdded({ type, flags, payload }: Frame): boolean {
    if ((flags & frameFlags.ACK) === 0) return false;
    if (type === frameTypes.SETTINGS) return this.#settings.shift() === 'added';
    const place = type === frameTypes.PING ? this.#pings.indexOf(opaqueOf(Buffer.from(payload))) : -1;
    if (place >= 0) this.#pings.splice(place, 1);
    return place >= 0;
  }
}

const isAck = ({ flags }: { readonly flags: number }): boolean => (flags & frameFlags.ACK) !== 0;

const canAck = ({ type }: { readonly type: number }): boolean =>
  type === frameTypes.SETTINGS || type === frameTypes.PING;

const opaqueOf = (payload: Buffer): string => payload.toString('latin1', 0, 8);

const fits = ({ type, ack }: FrameRule, head: FrameHead | Frame): boolean =>
  type === head.type && (ack === undefined || ack === isAck(head));

/** Counts a frame that a rule fits, and tells whether it is one that the rule strikes. */
function strikes(rule: CountedRule, frame: Frame): boolean {
  if (!fits(rule, frame)) return false;
  rule.count++;
  return rule.nth?.includes(rule.count) ?? true;
}
