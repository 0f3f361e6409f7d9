import { constants } from 'node:os';
import { describe, expect, test } from 'vitest';
import { startMockServer } from '../../server/index.ts';
import { connect, hasOpenssl, openFolder } from './early-data.ts';

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
