import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listenOn } from '../../server/listen.ts';
import { CertificateAuthority } from '../../server/wire/certificates.ts';
import type { Answer } from './call.ts';
import { ServerProcess } from './server-process.ts';

const OURS = join(import.meta.dirname, '../../dist/main.js');
const RIVAL = join(import.meta.dirname, 'rival.js');

/** What ours answers to the list of no tasks, which is what a server is asked first. */
const NO_TASKS: Answer = {
  headers: {
    ':status': 200,
    'x-request-id': '0'.repeat(53),
    server: 'istio-envoy',
    'content-type': 'application/json; charset=utf-8',
    'content-length': '22',
  },
  body: '{"total":0,"items":[]}',
};

/** Both sides of a comparison: ours as it is shipped, and a bare `node:http2` server with the same kind of certificate. */
export class Stage implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async create(): Promise<Stage> {
    const folder = await mkdtemp(join(tmpdir(), 'seedance-bench-'));
    const stage = new Stage(folder);
    const nowMs = Date.now();
    const authority = await CertificateAuthority.create(nowMs);
    const { key, cert } = await authority.issue(nowMs);
    await Promise.all([writeFile(stage.#file('key.pem'), key), writeFile(stage.#file('cert.pem'), cert)]);
    return stage;
  }

  /** The packaged server, in its default profile, writing no log.
   * @param scenario what goes wrong; left out, nothing */
  async startOurs(scenario: object = {}): Promise<ServerProcess> {
    const port = await findPort();
    const adminPort = await findPort();
    const file = this.#file('scenario.json');
    await writeFile(file, JSON.stringify(scenario));
    const options = ['--port', `${port}`, '--admin-port', `${adminPort}`, '--log', 'silent'];
    return ServerProcess.start(port, [OURS, 'serve', file, ...options], adminPort);
  }

  /** The bare server, which gives every request the same answer. */
  async startRival({ headers, body }: Answer = NO_TASKS): Promise<ServerProcess> {
    const port = await findPort();
    // The date is the server's own to send.
    const { date: _, ...sent } = headers;
    await writeFile(this.#file('answer.json'), JSON.stringify({ headers: sent, body }));
    const files = ['key.pem', 'cert.pem', 'answer.json'].map((name) => this.#file(name));
    return ServerProcess.start(port, [RIVAL, `${port}`, ...files]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  #file(name: string): string {
    return join(this.#folder, name);
  }
}

/** A port that was free a moment ago: a server that is timed cannot be asked which one it took. */
async function findPort(): Promise<number> {
  const server = createServer();
  const port = await listenOn(server, '127.0.0.1', 0);
  await new Promise((resolve) => server.close(resolve));
  return port;
}
