import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type MockServer, startMockServer } from '../../server/index.ts';
import { canRun, startClient } from './run-client.ts';

const hasOpenssl = canRun('openssl', 'version');
if (!hasOpenssl) console.log('early data tests are left out: there is no openssl');

/** A folder that holds what is to be sent early, and what s_client keeps of a session. */
async function openFolder(earlyBytes: number) {
  const path = await mkdtemp(join(tmpdir(), 'seedance-mock-early-'));
  const [session, early] = [join(path, 'session.pem'), join(path, 'early.txt')];
  await writeFile(early, 'E'.repeat(earlyBytes));
  return { session, early, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

/** Shakes hands as `openssl s_client` does with these arguments, and leaves once it is let in. */
async function connect(server: MockServer, ...args: readonly string[]): Promise<string> {
  const { seq } = server.journal;
  const host = new URL(server.url).host;
  const known = ['-connect', host, '-servername', 'localhost', '-CAfile', server.caFile, '-alpn', 'h2'];
  await using client = startClient(server, ['openssl', 's_client', ...known, ...args]);
  void server.journal.waitFor('connection.secured', (event) => event.seq > seq).then(() => client.say('Q'));
  const { stdout, stderr } = await client.ended;
  return `${stdout}${stderr}`;
}

const startWith = (then: 'cut' | 'reject', advertise: number) =>
  startMockServer({
    scenario: { faults: [{ name: 'early', on: 'handshake', inject: [{ 'early-data': { advertise, then } }] }] },
  });

const ERRNO_RESET = `errno=${constants.errno.ECONNRESET}`;

describe.runIf(hasOpenssl)('early data, as openssl s_client sends it', () => {
  test('row B8: it is cut as often as the client keeps its session, and no more once that is forgotten', async () => {
    await using server = await startMockServer({ scenario: 'early-data-cut' });
    await using folder = await openFolder(100);
    const again = ['-sess_in', folder.session, '-early_data', folder.early];

    expect(await connect(server, '-sess_out', folder.session)).toMatch(/Max Early Data: 16384/);
    // No record came back, so no alert either.
    const cut = await connect(server, ...again);
    expect(cut).toContain(ERRNO_RESET);
    expect(cut).toContain('SSL handshake has read 0 bytes');
    // The second try of a naive client: what it kept of the session is as good as before, and so is cut again.
    expect(await connect(server, ...again)).toContain(ERRNO_RESET);
    // And that of one that forgets the session.
    expect(await connect(server)).toMatch(/New, TLSv1\.3[\s\S]*ALPN protocol: h2/);

    const { journal } = server;
    expect(journal.events('connection.hello').map((event) => event.earlyData)).toEqual([
      undefined,
      true,
      true,
      undefined,
    ]);
    const cuts = journal.events('connection.ended').filter(({ by }) => by === 'fault');
    expect(cuts).toMatchObject([2, 3].map((connection) => ({ connection, how: 'reset', cause: 'early data is cut' })));
    expect(journal.events('fault.injected').map(({ did }) => did)).toEqual([
      'issue tickets that permit 16384 bytes of early data',
      'reset a connection that brings early data',
      'reset a connection that brings early data',
      'issue tickets that permit 16384 bytes of early data',
    ]);
  });

  test('row B8: the verdict is against a client that sends early data again, and for one that forgets its session', async () => {
    const judge = async (...second: readonly string[]) => {
      await using server = await startMockServer({ scenario: 'early-data-cut' });
      await using folder = await openFolder(100);
      const again = ['-sess_in', folder.session, '-early_data', folder.early];
      await connect(server, '-sess_out', folder.session);
      await connect(server, ...again);
      await connect(server, ...(second.length > 0 ? second : again));
      return (await server.verdict()).result('early-data-not-replayed');
    };
    expect(await judge()).toMatchObject({ outcome: 'fail', clients: [{ finding: 'replayed' }] });
    expect(await judge('-crlf')).toMatchObject({ outcome: 'pass' });
  });

  test('the session itself is good: without early data it is resumed', async () => {
    await using server = await startMockServer({ scenario: 'early-data-cut' });
    await using folder = await openFolder(100);
    await connect(server, '-sess_out', folder.session);
    expect(await connect(server, '-sess_in', folder.session)).toMatch(/Reused, TLSv1\.3/);
  });

  test('it is refused, and the handshake goes on without it', async () => {
    await using server = await startWith('reject', 16_384);
    await using folder = await openFolder(10_000);
    await connect(server, '-sess_out', folder.session);

    const seen = await connect(server, '-sess_in', folder.session, '-early_data', folder.early);

    expect(seen).toContain('Early data was rejected');
    expect(seen).toMatch(/Reused, TLSv1\.3[\s\S]*ALPN protocol: h2/);
    expect(server.journal.events('connection.secured')).toHaveLength(2);
    // Nobody has read it as HTTP/2 either.
    expect(server.journal.events('request.received')).toEqual([]);
  });

  test.each([1, 70_000])('tickets permit %i bytes when that is planned', async (advertise) => {
    await using server = await startWith('cut', advertise);
    await using folder = await openFolder(1);
    expect(await connect(server, '-sess_out', folder.session)).toContain(`Max Early Data: ${advertise}\n`);
  });

  test('without the fault tickets permit none', async () => {
    await using server = await startMockServer();
    await using folder = await openFolder(1);
    expect(await connect(server, '-sess_out', folder.session)).toContain('Max Early Data: 0\n');
  });
});
