import { request } from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { reasonOf } from '../errors.ts';

/** More than any daemon tells of itself. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** Where a Docker daemon may be asked. */
export type Endpoint =
  | { readonly kind: 'unix'; readonly socketPath: string; readonly url: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly url: string }
  | { readonly kind: 'other'; readonly url: string };

/** Docker's own places for its socket: of the system, rootless, and Docker Desktop. */
const DEFAULT_SOCKETS = [
  '/var/run/docker.sock',
  ...(process.env.XDG_RUNTIME_DIR === undefined ? [] : [join(process.env.XDG_RUNTIME_DIR, 'docker.sock')]),
  join(homedir(), '.docker/run/docker.sock'),
];

/** Where to look for a daemon: where `DOCKER_HOST` says, else in the default places. */
export function endpointsOf({
  DOCKER_HOST: url,
  DOCKER_TLS_VERIFY: encrypted,
}: NodeJS.ProcessEnv): readonly Endpoint[] {
  if (!url) return DEFAULT_SOCKETS.map((socketPath) => ({ kind: 'unix', socketPath, url: `unix://${socketPath}` }));
  const { protocol, hostname, port, pathname } = URL.parse(url) ?? {};
  if (protocol === 'unix:' && pathname) return [{ kind: 'unix', socketPath: pathname, url }];
  if ((protocol === 'tcp:' || protocol === 'http:') && hostname && !encrypted) {
    return [{ kind: 'tcp', host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || 2_375, url }];
  }
  return [{ kind: 'other', url }];
}

/** What a daemon tells of itself. */
export interface DaemonInfo {
  readonly version: string;
  readonly system: string;
  /** The ports that it publishes, for all of its containers. */
  readonly publishedPorts: number;
}

/** Asks a daemon.
 * @throws Error, with the code of the system where it has one */
export async function askDaemon(
  endpoint: Exclude<Endpoint, { kind: 'other' }>,
  signal: AbortSignal,
): Promise<DaemonInfo> {
  const [info, containers] = await Promise.all([
    getJson(endpoint, '/info', signal) as Promise<{
      readonly ServerVersion?: string;
      readonly OperatingSystem?: string;
    }>,
    getJson(endpoint, '/containers/json', signal) as Promise<
      readonly { readonly Ports?: readonly { readonly PublicPort?: number }[] }[]
    >,
  ]);
  const published = containers.flatMap(({ Ports: ports = [] }) => ports.flatMap(({ PublicPort: port }) => port ?? []));
  return {
    version: info.ServerVersion ?? 'of an unknown version',
    system: info.OperatingSystem ?? 'an unknown system',
    publishedPorts: new Set(published).size,
  };
}

function getJson(endpoint: Exclude<Endpoint, { kind: 'other' }>, path: string, signal: AbortSignal): Promise<unknown> {
  const place =
    endpoint.kind === 'unix' ? { socketPath: endpoint.socketPath } : { host: endpoint.host, port: endpoint.port };
  return new Promise((resolve, reject) => {
    const asked = request({ ...place, path, signal, headers: { host: 'docker' } }, (answer) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MAX_ANSWER_BYTES) asked.destroy(new Error(`${path} answers more than ${MAX_ANSWER_BYTES} bytes`));
        else chunks.push(chunk);
      });
      answer.on('error', reject);
      answer.on('end', () => {
        try {
          if (answer.statusCode !== 200) throw new Error(`${path} answers ${answer.statusCode}`);
          resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')));
        } catch (error) {
          reject(error instanceof SyntaxError ? new Error(`${path} answers no JSON: ${reasonOf(error)}`) : error);
        }
      });
    });
    asked.on('error', reject).end();
  });
}
