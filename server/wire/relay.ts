import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** A TLS record: type, version (2 bytes), length (2 bytes), then that many bytes (RFC 8446, section 5.1). */
const RECORD_HEADER_BYTES = 5;

/**
 * Stands between the raw socket and TLS so that the server's flight can be cut inside it. Only connections whose plan
 * needs that get one: it takes the bytes through JavaScript.
 */
export class RecordRelay extends Duplex {
  readonly #raw: Socket;
  readonly #cut: () => void;
  #head = Buffer.alloc(0);
  #done = false;

  /** @param cut called once the server's first record, its ServerHello, is on its way; nothing after it is sent */
  constructor(raw: Socket, cut: () => void) {
    super();
    this.#raw = raw;
    this.#cut = cut;
    raw.on('data', (chunk) => {
      if (!this.push(chunk)) raw.pause();
    });
    raw.on('end', () => this.push(null));
    raw.on('close', () => this.destroy());
  }

  override _read(): void {
    this.#raw.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#done) return done();
    this.#head = Buffer.concat([this.#head, chunk]);
    const length = RECORD_HEADER_BYTES + (this.#head.length >= RECORD_HEADER_BYTES ? this.#head.readUInt16BE(3) : 0);
    if (this.#head.length < length) return done();
    this.#done = true;
    this.#raw.write(this.#head.subarray(0, length), () => this.#cut());
    done();
  }
}
