import { connect } from 'node:tls';

const GOAWAY = 7;
const HEADERS = 1;
const SETTINGS = 4;
/** END_STREAM and END_HEADERS; as a flag of SETTINGS, 1 is ACK. */
const [WHOLE, ACK] = [0x05, 0x01];
const FRAME_HEAD_BYTES = 9;

/** A connection whose frames are written by hand: for what no library does. */
export async function openRaw() {
  const { hostname, port, host } = new URL(process.env.SEEDANCE_BASE_URL ?? '');
  const socket = connect({ host: hostname, port: Number(port), servername: hostname, ALPNProtocols: ['h2'] });
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  socket.on('error', () => {});
  const goaway = new Promise<void>((resolve) => {
    let left = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      left = Buffer.concat([left, chunk]);
      while (left.length >= FRAME_HEAD_BYTES && left.length >= FRAME_HEAD_BYTES + left.readUIntBE(0, 3)) {
        const [type, flags] = [left[3], left[4] ?? 0];
        if (type === GOAWAY) resolve();
        if (type === SETTINGS && !(flags & ACK)) socket.write(frame(SETTINGS, ACK, 0));
        left = left.subarray(FRAME_HEAD_BYTES + left.readUIntBE(0, 3));
      }
    });
  });
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  socket.write(frame(SETTINGS, 0, 0));
  return {
    goaway,
    get(stream: number, path: string, headers: Readonly<Record<string, string>>): void {
      const fields = { ':method': 'GET', ':scheme': 'https', ':authority': host, ':path': path, ...headers };
      socket.write(frame(HEADERS, WHOLE, stream, Buffer.concat(Object.entries(fields).map(literal))));
    },
    close: (): void => void socket.end(),
  };
}

/** RFC 7541, section 6.2.2: a field that nothing is remembered of. */
const literal = ([name, value]: readonly [string, string]) => Buffer.concat([Buffer.of(0), text(name), text(value)]);

/** RFC 7541, section 5: at most 254 bytes here, so that two bytes hold the length. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  const length = bytes.length < 127 ? Buffer.of(bytes.length) : Buffer.of(127, bytes.length - 127);
  return Buffer.concat([length, bytes]);
}

function frame(type: number, flags: number, stream: number, payload = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(FRAME_HEAD_BYTES);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}
