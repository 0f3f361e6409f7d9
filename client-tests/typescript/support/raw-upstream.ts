import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net, { type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { frameTypes } from '../../../server/faults/frame-types.ts';
import type { Frame } from '../../../server/faults/plans.ts';
import { CertificateAuthority } from '../../../server/wire/certificates.ts';
import { encodeFrame, FrameReader, PREFACE } from '../../../server/wire/frames.ts';
import { encodeFields } from './raw-http2.ts';

/** What an upstream does next: bytes that it sends, or how it ends the connection. */
export type Deed = string | Uint8Array | 'FIN' | 'RST';

/** A service behind the mock that sends what bytes the test says, whatever they are. */
export class RawUpstream implements AsyncDisposable {
  readonly url: string;
  readonly caFile: string;
  readonly #server: Server;
  readonly #folder: string;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, scheme: string, folder: string) {
    this.#server = server;
    this.#folder = folder;
    this.url = `${scheme}://localhost:${(server.address() as AddressInfo).port}`;
    this.caFile = join(folder, 'ca.pem');
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket.on('error', () => {}));
    });
  }

  /** Answers each request over HTTP/1.1, in clear text. */
  static overHttp1(deeds: readonly Deed[]): Promise<RawUpstream> {
    const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      socket.on('data', () => void carryOut(socket, socket, deeds));
    });
    return RawUpstream.#open(server, 'http');
  }

  /** Answers each request over HTTP/2, in TLS.
   * @param first what it sends in place of its SETTINGS */
  static async overHttp2(
    answer: (stream: number) => readonly Deed[],
    first: Uint8Array = frame('SETTINGS', 0),
  ): Promise<RawUpstream> {
    const authority = await authorityOfTests();
    const leaf = await authority.issue(Date.now(), 'localhost');
    const raws: Socket[] = [];
    const server = tls.createServer({ ...leaf, ALPNProtocols: ['h2'], noDelay: true });
    server.on('connection', (raw: Socket) => raws.push(raw));
    server.on('secureConnection', (socket) => {
      const raw = raws.find((one) => one.remotePort === socket.remotePort) ?? socket;
      socket.on('error', () => {}).write(first);
      const requests = new FrameReader(
        {
          wants: ({ type }) => type === frameTypes.HEADERS,
          pass: () => {},
          take: ({ stream }) => void carryOut(socket, raw, answer(stream)),
        },
        PREFACE.byteLength,
      );
      socket.on('data', (bytes: Buffer) => requests.read(bytes));
    });
    return RawUpstream.#open(server, 'https');
  }

  static async #open(server: Server, scheme: string): Promise<RawUpstream> {
    const folder = await mkdtemp(join(tmpdir(), 'raw-upstream-'));
    await writeFile(join(folder, 'ca.pem'), (await authorityOfTests()).pem);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return new RawUpstream(server, scheme, folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#folder, { recursive: true });
  }
}

let authority: Promise<CertificateAuthority> | undefined;
// Real time: the certificate is for real clients.
const authorityOfTests = () => (authority ??= CertificateAuthority.create(Date.now(), 'CN=raw upstream'));

/** Each deed once the one before is with the kernel. */
async function carryOut(socket: Socket, raw: Socket, deeds: readonly Deed[]): Promise<void> {
  for (const deed of deeds) {
    if (deed === 'FIN') socket.end();
    // A reset discards unread bytes, so give the other side time to read them.
    else if (deed === 'RST') await idle().then(() => raw.resetAndDestroy());
    else await new Promise((resolve) => socket.write(deed as string, 'latin1', resolve));
  }
}

const IDLE_TURNS = 50;

async function idle(): Promise<void> {
  for (let turn = 0; turn < IDLE_TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** An HTTP/2 frame. */
export const frame = (
  type: keyof typeof frameTypes,
  stream: number,
  { flags = 0, payload = Buffer.alloc(0) }: Partial<Pick<Frame, 'flags' | 'payload'>> = {},
): Buffer => encodeFrame({ type: frameTypes[type], flags, stream, payload });

/** A number of four bytes, as RST_STREAM and GOAWAY hold them. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Name and value. */
export type Field = readonly [string, string];

/** A header block. */
export const block = (...fields: readonly Field[]): Buffer => encodeFields(Object.fromEntries(fields));
