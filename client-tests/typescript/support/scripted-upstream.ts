import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import http2, { type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CertificateAuthority } from '../../../server/wire/certificates.ts';

/** How a scripted upstream answers; both versions of HTTP look alike to it. */
export type Script = (request: IncomingMessage | Http2ServerRequest, response: Answering) => void;
export type Answering = Pick<ServerResponse & Http2ServerResponse, 'on' | 'once' | 'destroyed' | 'addTrailers'> & {
  writeHead(status: number, headers?: Record<string, string | string[]>): unknown;
  write(chunk: Uint8Array | string): boolean;
  end(chunk?: Uint8Array | string): unknown;
};

/** A service behind the mock that is no mock: it does what the test says, over HTTP/2 or HTTP/1.1 alone. */
export class ScriptedUpstream implements AsyncDisposable {
  readonly url: string;
  readonly caFile: string;
  readonly #sockets = new Set<Socket>();
  readonly #server: https.Server | http2.Http2SecureServer;
  readonly #folder: string;

  private constructor(server: https.Server | http2.Http2SecureServer, folder: string, caFile: string) {
    this.#server = server;
    this.#folder = folder;
    this.caFile = caFile;
    this.url = `https://localhost:${(server.address() as AddressInfo).port}`;
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  static async open(version: 'h2' | 'http/1.1', script: Script): Promise<ScriptedUpstream> {
    // Real time: the certificate is for real clients.
    const authority = await CertificateAuthority.create(Date.now(), `CN=upstream ${version}`);
    const leaf = await authority.issue(Date.now(), 'localhost');
    const answer = script as (...given: unknown[]) => void;
    const server = version === 'h2' ? http2.createSecureServer(leaf, answer) : https.createServer(leaf, answer);
    const folder = await mkdtemp(join(tmpdir(), 'upstream-'));
    const caFile = join(folder, 'ca.pem');
    await writeFile(caFile, authority.pem);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return new ScriptedUpstream(server, folder, caFile);
  }

  /** Resets every connection to it: a TCP RST. */
  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#folder, { recursive: true });
  }
}
