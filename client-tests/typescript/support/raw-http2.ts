import { frameTypes } from '../../../server/faults/frame-types.ts';
import type { Frame } from '../../../server/faults/plans.ts';
import { encodeFrame, FrameReader, nameOfFrame, PREFACE } from '../../../server/wire/frames.ts';
import type { Target } from './client.ts';
import { openTlsSocket, type WireSocket } from './sockets.ts';

/** RFC 7541, section 5.1: above 126, an integer goes on in groups of 7 bits. */
function lengthOf(text: string): Buffer {
  const length = Buffer.byteLength(text);
  if (length < 127) return Buffer.of(length);
  const groups = [127];
  let left = length - 127;
  for (; left >= 128; left >>>= 7) groups.push((left & 127) | 128);
  return Buffer.from([...groups, left]);
}

/** A header block of literal fields, RFC 7541, section 6.2.2. */
export const encodeFields = (fields: Readonly<Record<string, string>>): Buffer =>
  Buffer.concat(
    Object.entries(fields).flatMap(([name, value]) => [
      Buffer.of(0),
      lengthOf(name),
      Buffer.from(name),
      lengthOf(value),
      Buffer.from(value),
    ]),
  );

/** An HTTP/2 client that sends the frames it is told to, answers none by itself, and keeps each that it received. */
export class RawHttp2 implements AsyncDisposable {
  readonly socket: WireSocket;

  constructor(socket: WireSocket) {
    this.socket = socket;
  }

  get frames(): readonly Frame[] {
    const found: Frame[] = [];
    const reader = new FrameReader({ wants: () => true, pass: () => {}, take: (frame) => void found.push(frame) });
    reader.read(Buffer.from(this.socket.received, 'latin1'));
    return found;
  }

  /** What was received, such as `SETTINGS`, `PING ACK`, `DATA 22 on 1`. */
  get transcript(): readonly string[] {
    return this.frames.map(({ type, flags, stream, payload }) => {
      const ack = (type === frameTypes.SETTINGS || type === frameTypes.PING) && (flags & 1) === 1 ? ' ACK' : '';
      const length = type === frameTypes.DATA ? ` ${payload.byteLength}` : '';
      return `${nameOfFrame(type)}${ack}${length}${stream > 0 ? ` on ${stream}` : ''}`;
    });
  }

  /** Resolves once so many frames of a kind stand in the transcript. */
  async saw(entry: string, times = 1): Promise<void> {
    await this.socket.until(() => this.transcript.filter((seen) => seen === entry).length >= times);
  }

  send(type: keyof typeof frameTypes, { flags = 0, stream = 0, payload = Buffer.alloc(0) }: Partial<Frame> = {}) {
    return this.socket.write(encodeFrame({ type: frameTypes[type], flags, stream, payload }));
  }

  /** Sends HEADERS for a request, with END_STREAM unless a body follows. */
  request(stream: number, method: 'GET' | 'POST', path: string, headers: Record<string, string> = {}): Promise<void> {
    const fields = { ':method': method, ':scheme': 'https', ':path': path, ':authority': 'localhost', ...headers };
    const payload = encodeFields({ ...fields, authorization: 'Bearer x' });
    return this.send('HEADERS', { flags: method === 'GET' ? 0x5 : 0x4, stream, payload });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.socket[Symbol.asyncDispose]();
  }
}

/** RFC 9113, section 6.5.2. */
const INITIAL_WINDOW_SIZE = 4;

/**
 * Connects over TLS with ALPN `h2`, sends the preface and SETTINGS, and acknowledges those of the server, or does not.
 * @param windowBytes how much the server may send, on the connection and on each stream
 */
export async function openRawHttp2(
  target: Target,
  { acknowledges = true, windowBytes = 65_535 } = {},
): Promise<RawHttp2> {
  const client = new RawHttp2(await openTlsSocket(target, { alpn: ['h2'] }));
  await client.socket.write(PREFACE);
  await client.send('SETTINGS', { payload: wordsOf([INITIAL_WINDOW_SIZE, 2], [windowBytes, 4]) });
  if (windowBytes > 65_535) await client.send('WINDOW_UPDATE', { payload: wordsOf([windowBytes - 65_535, 4]) });
  await client.saw('SETTINGS');
  if (acknowledges) await client.send('SETTINGS', { flags: 1 });
  return client;
}

/** Unsigned numbers, each in so many bytes, big-endian. */
function wordsOf(...words: readonly (readonly [number, number])[]): Buffer {
  const parts = words.map(([value, bytes]) => {
    const part = Buffer.alloc(bytes);
    part.writeUIntBE(value, 0, bytes);
    return part;
  });
  return Buffer.concat(parts);
}
