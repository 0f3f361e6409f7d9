import { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { type ErrorCode, errorCodes } from '../../../server/faults/error-codes.ts';

/** RFC 9113, section 4.1: length (3 bytes), type, flags, stream identifier (4 bytes). */
const FRAME_HEADER_BYTES = 9;
/** RFC 9113, section 6, and the flags that matter here. */
const DATA = 0x0;
const HEADERS = 0x1;
const RST_STREAM = 0x3;
const PING = 0x6;
const GOAWAY = 0x7;
const ACK = 0x1;
const END_STREAM = 0x1;
const STREAM_ID = 0x7f_ff_ff_ff;

/** What happened, as the transcript has it; `stream` is 0 for what concerns the whole connection. */
export type Note = (entry: string, stream: number) => void;

/** The RFC's name for an error code. */
export const nameOfCode = (code: number): string =>
  (Object.keys(errorCodes) as ErrorCode[]).find((name) => errorCodes[name] === code) ?? String(code);

/** How a socket's error is called: RESET only for a true TCP RST, of which the kernel tells a system call. */
export const nameOfError = ({ code, syscall }: NodeJS.ErrnoException): string =>
  code === 'ECONNRESET' && syscall !== undefined ? 'RESET' : `ERROR ${code}`;

/** Hands bytes through between TLS and node:http2, and notes each frame that the server sent, and how the connection ended. */
export class FrameTap extends Duplex {
  readonly #socket: TLSSocket;
  readonly #note: Note;
  #unread = Buffer.alloc(0);

  constructor(socket: TLSSocket, note: Note) {
    super();
    this.#socket = socket;
    this.#note = note;
    socket.on('data', (bytes: Buffer) => {
      this.#unread = Buffer.concat([this.#unread, bytes]);
      this.#readFrames();
      this.push(bytes);
    });
    socket.on('end', () => {
      note('FIN', 0);
      this.push(null);
    });
    socket.on('error', (error) => note(nameOfError(error), 0));
    socket.on('close', () => this.destroy());
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.#socket.writable) this.#socket.write(chunk, () => done());
    else done();
  }

  override _final(done: () => void): void {
    this.#socket.end(() => done());
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.end();
    done(error);
  }

  #readFrames(): void {
    while (this.#unread.length >= FRAME_HEADER_BYTES) {
      const length = this.#unread.readUIntBE(0, 3);
      if (this.#unread.length < FRAME_HEADER_BYTES + length) return;
      const [type = 0, flags = 0] = this.#unread.subarray(3);
      const stream = this.#unread.readUInt32BE(5) & STREAM_ID;
      this.#noteFrame({ type, flags, stream, payload: this.#unread.subarray(FRAME_HEADER_BYTES).subarray(0, length) });
      this.#unread = this.#unread.subarray(FRAME_HEADER_BYTES + length);
    }
  }

  #noteFrame({ type, flags, stream, payload }: { type: number; flags: number; stream: number; payload: Buffer }): void {
    if (type === DATA && payload.length > 0) this.#note(`DATA ${payload.length}`, stream);
    if (type === HEADERS) this.#note('HEADERS', stream);
    if (type === RST_STREAM) this.#note(`RST_STREAM ${nameOfCode(payload.readUInt32BE(0))}`, stream);
    if (type === PING && (flags & ACK) !== 0) this.#note('PING ACK', 0);
    if (type === GOAWAY) {
      const last = payload.readUInt32BE(0) & STREAM_ID;
      this.#note(`GOAWAY ${nameOfCode(payload.readUInt32BE(4))} last=${last}`, 0);
    }
    if ((type === DATA || type === HEADERS) && (flags & END_STREAM) !== 0) this.#note('END_STREAM', stream);
  }
}
