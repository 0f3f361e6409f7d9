import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { expect, test } from 'vitest';
import { startMockServer } from '../../server/index.ts';
import { openTlsSocket } from './support/sockets.ts';

const startWith = (only: 'TLSv1.2' | 'TLSv1.3' | 'unsupported') =>
  startMockServer({
    scenario: { faults: [{ name: 'version', on: 'handshake', inject: [{ 'tls-version': { only } }] }] },
  });

test.each(['TLSv1.2', 'TLSv1.3'] as const)('a client of both versions gets %s', async (only) => {
  await using server = await startWith(only);
  await using socket = await openTlsSocket(server, { alpn: ['h2'] });
  expect(socket.secured).toEqual({ alpn: 'h2', version: only });
  expect(await server.journal.waitFor('connection.secured')).toMatchObject({ tls: only, protocol: 'h2' });
});

test.each([
  ['TLSv1.2', 'TLSv1.3'],
  ['TLSv1.3', 'TLSv1.2'],
  ['unsupported', 'TLSv1.2'],
  ['unsupported', 'TLSv1.3'],
] as const)('where there is only %s, a client of %s is told protocol_version', async (only, version) => {
  await using server = await startWith(only);
  await using socket = await openTlsSocket(server, { alpn: ['h2'], version });
  expect(socket).toMatchObject({ end: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', secured: undefined });
});

test.each([
  ['h2', 'directly'],
  ['h2', 'far away'],
  ['http/1.1', 'directly'],
  ['http/1.1', 'far away'],
])('TLS 1.2 over %s, %s: a second handshake on a connection is refused', async (alpn, where) => {
  const faults = [{ name: 'far', on: 'accept', inject: [{ latency: { ms: 1 } }] }] as const;
  await using server = await startMockServer({
    scenario: { profile: 'dual-stack', ...(where === 'far away' && { faults }) },
  });
  const socket = tls.connect({
    port: Number(new URL(server.url).port),
    host: '127.0.0.1',
    ca: server.ca,
    servername: 'localhost',
    ALPNProtocols: [alpn],
    maxVersion: 'TLSv1.2',
  });
  await once(socket, 'secureConnect');
  await server.journal.waitFor('connection.secured');

  // The server's end of the connection may be another.
  socket.on('error', () => {});
  socket.resume().renegotiate({}, () => expect.fail('it was not refused'));

  expect(await once(socket, 'error')).toMatchObject([{ code: 'ERR_SSL_NO_RENEGOTIATION' }]);
  socket.destroy();
});

test('connections that the fault does not strike are served as ever', async () => {
  await using server = await startMockServer({ scenario: 'tls-version' });
  await using first = await openTlsSocket(server, { alpn: ['h2'] });
  expect(first.end).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
  await using second = await openTlsSocket(server, { alpn: ['h2'] });
  expect(second.secured).toEqual({ alpn: 'h2', version: 'TLSv1.2' });
});

test('the secrets of such a handshake are in the keylog too', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'seedance-mock-keylog-'));
  const keylog = join(folder, 'keys');
  const faults = [{ name: 'v', on: 'handshake', inject: [{ 'tls-version': { only: 'TLSv1.3' } }] }] as const;
  {
    await using server = await startMockServer({ keylog, scenario: { faults } });
    await using socket = await openTlsSocket(server, { alpn: ['h2'] });
    expect(socket.secured?.version).toBe('TLSv1.3');
    await server.journal.waitFor('connection.secured');
  }
  expect(await readFile(keylog, 'utf8')).toContain('SERVER_TRAFFIC_SECRET_0');
  await rm(folder, { recursive: true });
});
