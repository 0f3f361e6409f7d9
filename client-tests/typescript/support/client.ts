import http2, { type ClientHttp2Session, type IncomingHttpHeaders, type IncomingHttpStatusHeader } from 'node:http2';
import net from 'node:net';
import tls from 'node:tls';
import { FrameTap } from './frames.ts';
import { leaveOpenSsl } from './sockets.ts';
import { Transcript } from './transcript.ts';

/** What a client has to know of a server. */
export interface Target {
  readonly url: string;
  readonly ca: string;
  /** What the client asks for in its ClientHello; left out: `localhost`. */
  readonly serverName?: string;
}

/** What came back for one request, however it ended. */
export interface Reply {
  readonly stream: number;
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** What the stream was reset with, by either side; 0 when it was not. */
  readonly rstCode: number;
  /** The transcript of this stream alone. */
  readonly frames: readonly string[];
}

const OPAQUE = Buffer.alloc(8);

/** A node:http2 client over one connection, which notes what it sees: `HEADERS 200`, `DATA 40`, `END_STREAM`,
 * `RST_STREAM CODE`, `GOAWAY CODE last=1`, `PING ACK`, `RESET` and `FIN`. */
export class Client implements AsyncDisposable {
  /** Resolves once the connection is gone, whoever ended it. */
  readonly closed: Promise<void>;
  readonly #seen: Transcript;
  readonly #raw: net.Socket;
  readonly #session: ClientHttp2Session;

  constructor(url: string, raw: net.Socket, socket: tls.TLSSocket) {
    this.#raw = raw;
    this.#seen = new Transcript();
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    const tap = new FrameTap(socket, this.#seen.note);
    this.#session = http2.connect(url, { createConnection: () => tap });
    // The transcript tells it already.
    this.#session.on('error', () => {});
  }

  get transcript(): readonly string[] {
    return this.#seen.entries;
  }

  /** Resolves once an entry stands in the transcript. */
  saw(entry: string): Promise<void> {
    return this.#seen.saw(entry);
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Reply> {
    return this.#send({ ':method': 'GET', ':path': path, ...headers });
  }

  delete(path: string): Promise<Reply> {
    return this.#send({ ':method': 'DELETE', ':path': path });
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    return this.#send({ ':method': 'POST', ':path': path, ...headers }, JSON.stringify(body));
  }

  /** Resolves with the answer. All that the client sent before is with the server then, and all that the server sent before is here. */
  ping(payload: Uint8Array = OPAQUE): Promise<void> {
    return new Promise((resolve, reject) =>
      this.#session.ping(payload, (error) => (error ? reject(error) : resolve())),
    );
  }

  /** Sends GOAWAY, then FIN. */
  async close(): Promise<void> {
    this.#session.destroy();
    await this.closed;
  }

  /** Sends FIN and nothing before it. */
  async finish(): Promise<void> {
    this.#raw.end();
    await this.closed;
  }

  /** Sends RST. */
  async reset(): Promise<void> {
    this.#raw.resetAndDestroy();
    await this.closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#session.destroy();
    this.#raw.destroy();
    await this.closed;
  }

  #send(headers: Record<string, string>, body?: string): Promise<Reply> {
    const request = this.#session.request({ authorization: 'Bearer x', ...headers }, { endStream: body === undefined });
    if (body !== undefined) request.end(body);
    let received: IncomingHttpHeaders & IncomingHttpStatusHeader = {};
    let text = '';
    request.on('response', (fields) => {
      received = fields;
      this.#seen.noteStatus(request.id ?? 0, fields[':status'] ?? 0);
    });
    request.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
    request.on('error', () => {});
    return new Promise((resolve) =>
      request.once('close', () => {
        const stream = request.id ?? 0;
        const { rstCode = 0 } = request;
        resolve({
          stream,
          status: received[':status'],
          headers: received,
          text,
          rstCode,
          frames: this.#seen.of(stream),
        });
      }),
    );
  }
}

/** Connects over TLS with ALPN `h2`. */
export async function openClient({ url, ca, serverName = 'localhost' }: Target): Promise<Client> {
  // As node:http2 would, were it given a socket.
  const raw = net.connect({ port: Number(new URL(url).port), host: '127.0.0.1', noDelay: true });
  const socket = tls.connect({ socket: raw, ca, servername: serverName, ALPNProtocols: ['h2'] });
  await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  await leaveOpenSsl();
  return new Client(url, raw, socket);
}
