import { startMockServer } from '../../server/index.ts';
import { askClient } from '../cli/run-client.ts';
import { script } from './python.ts';

/** Row B7 of the reference: at so many requests a second, for so long. */
export const PER_SECOND = 100;
export const SECONDS = 30;
const EVENTS_KEPT = 200_000;

/** How one client fared. */
export interface KeepAlive {
  readonly client: string;
  readonly setting: string;
  readonly requests: number;
  readonly answered: number;
  readonly failed: number;
  readonly connections: number;
  /** Of its requests, those on a connection that had had one before; from 0 to 1. */
  readonly reuse: number;
  /** Connections that the service's rules have reset. */
  readonly resets: number;
}

/** Lets each library, as it comes and tuned, call one server at a time of its own, in profile dual-stack, where each call takes 100 ms. */
export async function measureKeepAlive(python: string, seconds = SECONDS): Promise<readonly KeepAlive[]> {
  const clients = ['aiohttp', 'httpx'].flatMap((client) =>
    ['default', 'tuned'].map((setting) => ({ client, setting })),
  );
  return Promise.all(clients.map((one) => measureOne(python, one, seconds)));
}

async function measureOne(python: string, { client, setting }: Pick<KeepAlive, 'client' | 'setting'>, seconds: number) {
  await using server = await startMockServer({ scenario: 'connection-reuse', journalCapacity: EVENTS_KEPT });
  const words = [client, setting, `${seconds}`, `${PER_SECOND}`];
  const limitMs = (seconds + 30) * 1_000;
  const { answered, failed } = (await askClient(server, { limitMs }, python, script('keep_alive.py'), ...words)) as {
    answered: number;
    failed: number;
  };
  const requests = server.journal.events('request.received').length;
  const connections = server.journal.events('connection.secured').length;
  const resets = server.journal
    .events('connection.ended')
    .filter(({ by, how }) => by === 'rule' && how === 'reset').length;
  return { client, setting, requests, answered, failed, connections, reuse: 1 - connections / requests, resets };
}

/** The table that the README shows. */
export function renderKeepAlive(rows: readonly KeepAlive[]): string {
  const head = ['client', 'setting', 'requests', 'failed', 'connections', 'reuse', 'resets met'];
  const cells = rows.map(({ client, setting, requests, failed, connections, reuse, resets }) =>
    [client, setting, requests, failed, connections, `${(reuse * 100).toFixed(1)} %`, resets].map(String),
  );
  return [head, head.map(() => '---'), ...cells].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
