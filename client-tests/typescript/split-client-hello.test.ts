import { describe, expect, test } from 'vitest';
import { startMockServer } from '../../server/index.ts';
import { canRun, runClient } from '../cli/run-client.ts';
import { openClient } from './support/client.ts';
import { openSplitter } from './support/forwarder.ts';
import { makeClientHello, openRawSocket, openTlsSocket } from './support/sockets.ts';
import { TASKS } from './support/tasks.ts';

const hasCurl = canRun('curl', '--http2', '--version');
if (!hasCurl) console.log('a split ClientHello is not tried with curl: curl with HTTP/2 is missing');

/** Where clients find what forwards to the server. */
const through = (server: { readonly ca: string }, { address }: { readonly address: string }) => ({
  url: `https://${address}`,
  ca: server.ca,
});

/** RFC 8446, section 5.1: a handshake message may come in several records. Node's ClientHello has 262
 * bytes over TLS 1.2, and 1,595 over TLS 1.3. */
describe.each([
  ['records of 200 bytes', 200],
  ['records of one byte', 1],
])('a ClientHello in %s', (_name, recordBytes) => {
  test.each(['TLSv1.2', 'TLSv1.3'] as const)('is read as a whole one, over %s', async (version) => {
    await using server = await startMockServer();
    await using splitter = await openSplitter(server, recordBytes);
    await using whole = await openTlsSocket(server, { alpn: ['h2'], version });
    await using split = await openTlsSocket(through(server, splitter), { alpn: ['h2'], version });

    expect(split.secured).toEqual({ alpn: 'h2', version });
    expect(split.secured).toEqual(whole.secured);
    const said = server.journal
      .events('connection.hello')
      .map(({ connection: _, seq: __, at: ___, ...hello }) => hello);
    expect(said[0]).toMatchObject({ alpn: ['h2'], serverName: 'localhost', ja4: expect.any(String) });
    expect(said[1]).toEqual(said[0]);
  });

  test('leads to the lane that it names', async () => {
    await using server = await startMockServer();
    await using lane = await server.openLane({ id: 'one' });
    await using splitter = await openSplitter(server, recordBytes);
    await using client = await openClient({ ...through(server, splitter), serverName: 'one.localhost' });

    expect(await client.get(TASKS)).toMatchObject({ status: 200 });
    expect(lane.journal.events('connection.hello')).toMatchObject([{ serverName: 'one.localhost' }]);
  });

  test('meets the rules of ALPN', async () => {
    await using server = await startMockServer();
    await using splitter = await openSplitter(server, recordBytes);
    await using _ = await openTlsSocket(through(server, splitter), { alpn: ['http/1.1'] });

    expect(await server.journal.waitFor('connection.ended')).toMatchObject({ by: 'rule', cause: 'alpn', how: 'reset' });
  });

  test.runIf(hasCurl)('is answered to curl', async () => {
    await using server = await startMockServer();
    await using splitter = await openSplitter(server, recordBytes);
    const { stdout } = await runClient(
      server,
      ...['curl', '-sS', '--http2', '--noproxy', '*', '--cacert', server.caFile, '-H', 'authorization: Bearer x'],
      `https://${splitter.address}${TASKS}`,
    );
    expect(JSON.parse(stdout)).toMatchObject({ total: 0 });
  });
});

test('a ClientHello of 20 KB, which OpenSSL itself puts into two records, is answered', async () => {
  await using server = await startMockServer({ profile: 'permissive' });
  const alpn = ['h2', ...Array.from({ length: 100 }, (_, index) => String(index).padStart(200, 'x'))];
  expect((await makeClientHello({ alpn })).readUInt16BE(3)).toBe(16_384);

  await using socket = await openTlsSocket(server, { alpn });

  expect(socket.secured).toMatchObject({ alpn: 'h2' });
  expect(server.journal.events('connection.hello')).toMatchObject([{ alpn }]);
});

test('a ClientHello of which a record is missing waits for it, until the idle rule strikes', async () => {
  await using server = await startMockServer({ clock: 'manual' });
  await using socket = await openRawSocket(server);
  const hello = await makeClientHello({ alpn: ['h2'] });
  await socket.write(Buffer.concat([Buffer.from([22, 3, 1, 0, 100]), hello.subarray(5, 105)]));
  await server.journal.waitFor('connection.opened');
  await server.clock.advance(7_000);
  expect(socket.end).toBe('open');

  await server.clock.advance(8_000);

  expect(await socket.ended()).toBe('reset');
  expect(server.journal.events('rule.applied')).toMatchObject([{ rule: 'idle' }]);
  expect(server.journal.events('connection.hello')).toEqual([]);
});

test.each([
  ['an empty record', '1603010000', 'a TLS record that holds no ClientHello'],
  ['a record of another type', '1403030001', 'a TLS record that holds no ClientHello'],
])('%s amid a ClientHello is refused at once', async (_name, record, why) => {
  await using server = await startMockServer({ clock: 'manual' });
  await using socket = await openRawSocket(server);
  await socket.write(Buffer.from(`160301000401000100${record}`, 'hex'));

  expect(await socket.ended()).toBe('reset');
  expect(server.journal.events('rule.applied')).toMatchObject([
    { rule: 'cleartext', did: expect.stringContaining(why) },
  ]);
});
