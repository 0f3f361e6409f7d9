import { once } from 'node:events';
import http, { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { Changes } from './changes.ts';

/** A callback as it arrived. */
export interface Received {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  /** The same as text. */
  readonly body: string;
}

export interface ReceiverSetting {
  /** Left out: plain HTTP. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** How the call of this number, from 1, is answered; left out, each with 204. */
  readonly answer?: (response: ServerResponse, call: number) => void;
}

/** A client's own server, which takes callbacks and keeps them. */
export class Receiver implements AsyncDisposable {
  readonly url: string;
  readonly received: Received[] = [];
  /** Connections ever opened to it. */
  connections = 0;
  readonly #server: http.Server;
  readonly #changes = new Changes();

  private constructor(server: http.Server, { tls, answer = acknowledge }: ReceiverSetting) {
    this.#server = server;
    this.url = `${tls ? 'https' : 'http'}://localhost:${(server.address() as AddressInfo).port}/hooks/seedance`;
    server.on('connection', () => this.connections++);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      void buffer(request).then((bytes) => {
        const { method, url: path, headers } = request;
        this.received.push({ method, path, headers, bytes, body: bytes.toString() });
        answer(response, this.received.length);
        this.#changes.tell();
      });
    });
  }

  static async open(setting: ReceiverSetting = {}): Promise<Receiver> {
    const server = setting.tls ? https.createServer(setting.tls) : http.createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return new Receiver(server, setting);
  }

  /** Resolves with everything received, once that is so many calls. */
  async heard(calls: number): Promise<readonly Received[]> {
    await this.#changes.until(() => this.received.length >= calls);
    return this.received;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

const acknowledge = (response: ServerResponse): void => void response.writeHead(204).end();

/** The status that each callback told of. */
export const statusesOf = (received: readonly Received[]): readonly string[] =>
  received.map(({ body }) => JSON.parse(body).status);
