import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MockServer } from '../../server/index.ts';
import { canRun, startClient } from './run-client.ts';

export const hasOpenssl = canRun('openssl', 'version');
if (!hasOpenssl) console.log('early data tests are left out: there is no openssl');

/** A folder that holds what is to be sent early, and what s_client keeps of a session. */
export async function openFolder(earlyBytes: number) {
  const path = await mkdtemp(join(tmpdir(), 'seedance-mock-early-'));
  const [session, early] = [join(path, 'session.pem'), join(path, 'early.txt')];
  await writeFile(early, 'E'.repeat(earlyBytes));
  return { session, early, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

/** Shakes hands as `openssl s_client` does with these arguments, and leaves once it is let in. */
export async function connect(server: MockServer, ...args: readonly string[]): Promise<string> {
  const { seq } = server.journal;
  const host = new URL(server.url).host;
  const known = ['-connect', host, '-servername', 'localhost', '-CAfile', server.caFile, '-alpn', 'h2'];
  await using client = startClient(server, ['openssl', 's_client', ...known, ...args]);
  void server.journal.waitFor('connection.secured', (event) => event.seq > seq).then(() => client.say('Q'));
  const { stdout, stderr } = await client.ended;
  return `${stdout}${stderr}`;
}
