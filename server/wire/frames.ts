import { type FrameType, frameTypes } from '../faults/frame-types.ts';
import type { Frame } from '../faults/plans.ts';

/** RFC 9113, section 4.1: length (3 bytes), type, flags, stream identifier (4 bytes). */
export const FRAME_HEADER_BYTES = 9;
const STREAM_ID = 0x7f_ff_ff_ff;
const LENGTH_LIMIT = 2 ** 24;

/** RFC 9113, section 3.4: what a client sends before its first frame. */
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** What a frame's header says. */
export type FrameHead = Omit<Frame, 'payload'> & { readonly length: number };

/** A frame as it stands on the wire.
 * @param length what its header says of its length, where that is not the truth */
export function encodeFrame({ type, flags, stream, payload }: Frame, length = payload.byteLength): Buffer {
  const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.byteLength);
  bytes.writeUIntBE(((length % LENGTH_LIMIT) + LENGTH_LIMIT) % LENGTH_LIMIT, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(stream, 5);
  bytes.set(payload, FRAME_HEADER_BYTES);
  return bytes;
}

/** The head of a frame.
 * @param at where in the bytes it stands */
export function decodeHead(bytes: Buffer, at = 0): FrameHead {
  const lengthAndType = bytes.readUInt32BE(at);
  return {
    length: lengthAndType >>> 8,
    type: lengthAndType & 0xff,
    flags: bytes[at + 4] ?? 0,
    stream: bytes.readUInt32BE(at + 5) & STREAM_ID,
  };
}

/** The RFC's name for a type. */
export const nameOfFrame = (type: number): string =>
  (Object.keys(frameTypes) as FrameType[]).find((name) => frameTypes[name] === type) ?? `0x${type.toString(16)}`;

/** What a reader of frames is asked and told. */
export interface FrameSink {
  /** Asked once per frame, as soon as its head is there: whether to hand it over whole. */
  wants(head: FrameHead): boolean;
  /** Bytes of frames that nobody wants, in order; not cut where frames end. */
  pass(bytes: Buffer): void;
  /** A frame that is wanted, complete. */
  take(frame: Frame): void;
}

/** Finds the frames in a stream of bytes. Those that nobody wants are passed on as they came, without a copy. */
export class FrameReader {
  readonly #sink: FrameSink;
  /** Of the preface or a frame's head: what came with the bytes before. */
  #begun: Buffer = Buffer.alloc(0);
  #prefaceLeft: number;
  #payloadLeft = 0;
  #wanted: FrameHead | undefined;
  #pieces: Buffer[] = [];

  /** @param prefaceBytes what comes before the first frame */
  constructor(sink: FrameSink, prefaceBytes = 0) {
    this.#sink = sink;
    this.#prefaceLeft = prefaceBytes;
  }

  /** Whether the bytes so far end where a frame ends. */
  get between(): boolean {
    return this.#payloadLeft === 0 && this.#begun.length === 0 && !this.#wanted;
  }

  read(chunk: Buffer): void {
    const bytes = this.#begun.length > 0 ? Buffer.concat([this.#begun, chunk]) : chunk;
    this.#begun = bytes.subarray(0, 0);
    let at = Math.min(this.#prefaceLeft, bytes.length);
    this.#prefaceLeft -= at;
    /** Where the bytes begin that are to be passed on. */
    let from = 0;
    while (at < bytes.length) {
      if (this.#payloadLeft === 0) {
        if (bytes.length - at < FRAME_HEADER_BYTES) break;
        const head = decodeHead(bytes, at);
        this.#payloadLeft = head.length;
        if (this.#sink.wants(head)) {
          if (at > from) this.#sink.pass(bytes.subarray(from, at));
          this.#wanted = head;
        }
        at += FRAME_HEADER_BYTES;
        if (this.#wanted) from = at;
      }
      const end = Math.min(bytes.length, at + this.#payloadLeft);
      this.#payloadLeft -= end - at;
      at = end;
      if (!this.#wanted) continue;
      this.#pieces.push(bytes.subarray(from, at));
      from = at;
      if (this.#payloadLeft === 0) this.#handOver(this.#wanted);
    }
    if (at > from) this.#sink.pass(bytes.subarray(from, at));
    if (at < bytes.length) this.#begun = bytes.subarray(at);
  }

  #handOver({ type, flags, stream }: FrameHead): void {
    const payload = Buffer.concat(this.#pieces);
    this.#wanted = undefined;
    this.#pieces = [];
    this.#sink.take({ type, flags, stream, payload });
  }
}
