import type { Target } from './client.ts';
import { openTlsSocket, type WireSocket } from './sockets.ts';

/** An HTTP/1.1 request as it stands on the wire. */
export function writeRequest(method: string, path: string, headers: Record<string, string> = {}, body = ''): string {
  const fields = {
    host: 'localhost',
    authorization: 'Bearer x',
    'content-length': Buffer.byteLength(body),
    ...headers,
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}

/** An answer as far as it came: `wanted` is what its Content-Length promised. */
export interface Answer {
  readonly status: number;
  readonly head: string;
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly wanted: number;
}

const readFields = (head: string): Record<string, string> =>
  Object.fromEntries(
    [...head.matchAll(/^([^:\r\n]+): (.*)\r?$/gm)].map(([, name = '', value = '']) => [name.toLowerCase(), value]),
  );

/** Reads answers that have a Content-Length, off the start of what was received. */
function readAnswers(received: string): Answer[] {
  const headEnd = received.indexOf('\r\n\r\n');
  if (headEnd < 0) return [];
  const head = received.slice(0, headEnd);
  const wanted = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
  const bodyStart = headEnd + 4;
  const body = received.slice(bodyStart, bodyStart + wanted);
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]);
  return [
    { status, head, headers: readFields(head), body, wanted },
    ...readAnswers(received.slice(bodyStart + wanted)),
  ];
}

/** Speaks HTTP/1.1 over one connection, a request at a time, and notes what it sees: `HEADERS 200`, `DATA 20 of 33`, `RESET`, `FIN`. */
export class Http1Client implements AsyncDisposable {
  readonly socket: WireSocket;

  constructor(socket: WireSocket) {
    this.socket = socket;
  }

  get answers(): readonly Answer[] {
    return readAnswers(this.socket.received);
  }

  get transcript(): readonly string[] {
    const { end } = this.socket;
    return [
      ...this.answers.flatMap(({ status, body, wanted }) => [`HEADERS ${status}`, `DATA ${body.length} of ${wanted}`]),
      ...(end === 'open' ? [] : [end.toUpperCase()]),
    ];
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer | undefined> {
    return this.#ask(writeRequest('GET', path, headers));
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer | undefined> {
    return this.#ask(writeRequest('POST', path, headers, JSON.stringify(body)));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.socket[Symbol.asyncDispose]();
  }

  /** Resolves with the answer: whole, or as far as it came when the connection ended. */
  async #ask(request: string): Promise<Answer | undefined> {
    const before = this.answers.length;
    await this.socket.write(request);
    await this.socket.until(() => {
      const answer = this.answers[before];
      return this.socket.end !== 'open' || (answer !== undefined && answer.body.length === answer.wanted);
    });
    return this.answers[before];
  }
}

/** Connects over TLS with ALPN `http/1.1`, which needs the profile dual-stack or permissive. */
export async function openHttp1Client(target: Target): Promise<Http1Client> {
  return new Http1Client(await openTlsSocket(target, { alpn: ['http/1.1'] }));
}
