import { expect, test } from 'vitest';
import { openTlsSocket } from '../../client-tests/typescript/support/sockets.ts';
import { startMockServer } from '../index.ts';
import { negotiatedLine } from './alpn.ts';

const profiles = ['seedance', 'dual-stack', 'permissive'] as const;

test.each(profiles)('A1: profile %s settles on h2 whenever a client offers it', async (profile) => {
  await using server = await startMockServer({ profile });
  for (const alpn of [['h2'], ['h2', 'http/1.1'], ['http/1.1', 'h2']]) {
    await using socket = await openTlsSocket(server, { alpn });
    expect(socket).toMatchObject({ end: 'open', secured: { alpn: 'h2' } });
  }
});

test('A1: the log tells the protocol in the words of the service', () =>
  expect(negotiatedLine('h2')).toBe("http2: server: ALPN negotiated 'h2'"));

test.each([
  ['seedance', ['h2c', 'http/1.1'], 'http2: server: client offered ["h2c","http/1.1"]; h2 required -> reset'],
  ['seedance', ['http/1.1'], 'http2: server: client offered ["http/1.1"]; h2 required -> reset'],
  ['dual-stack', ['h2c', 'h3'], 'http2: server: client offered ["h2c","h3"]; h2 required -> reset'],
  ['permissive', ['h2c', 'h3'], 'http2: server: client offered ["h2c","h3"]; h2 required -> reset'],
] as const)(
  'A2: profile %s resets a ClientHello that offers %j, and says nothing first',
  async (profile, alpn, line) => {
    await using server = await startMockServer({ profile });
    await using socket = await openTlsSocket(server, { alpn });

    expect(socket).toMatchObject({ end: 'reset', secured: undefined, bytesRead: 0 });
    expect(server.journal.events('rule.applied')).toMatchObject([{ rule: 'alpn', connection: 1, line }]);
    expect(server.journal.events('connection.ended')).toMatchObject([{ by: 'rule', how: 'reset', cause: 'alpn' }]);
  },
);

test.each(['dual-stack', 'permissive'] as const)(
  'profile %s speaks HTTP/1.1 to ["h2c","http/1.1"]',
  async (profile) => {
    await using server = await startMockServer({ profile });
    await using socket = await openTlsSocket(server, { alpn: ['h2c', 'http/1.1'] });
    expect(socket).toMatchObject({ end: 'open', secured: { alpn: 'http/1.1' } });
  },
);

test('A3: without ALPN the handshake succeeds, then comes the reset', async () => {
  await using server = await startMockServer();
  await using socket = await openTlsSocket(server);

  expect(socket.secured).toEqual({ alpn: false, version: 'TLSv1.3' });
  expect(await socket.ended()).toBe('reset');
  expect(server.journal.events('rule.applied')).toMatchObject([
    { rule: 'alpn', connection: 1, line: 'http2: server: ALPN absent -> reset' },
  ]);
});

test('A3 holds for TLS 1.2 as well', async () => {
  await using server = await startMockServer();
  await using socket = await openTlsSocket(server, { version: 'TLSv1.2' });

  expect(socket.secured).toEqual({ alpn: false, version: 'TLSv1.2' });
  expect(await socket.ended()).toBe('reset');
});

test.each(['dual-stack', 'permissive'] as const)('profile %s takes no ALPN for HTTP/1.1', async (profile) => {
  await using server = await startMockServer({ profile });
  await using socket = await openTlsSocket(server);
  expect(socket.secured).toMatchObject({ alpn: false });
  expect(await server.journal.waitFor('connection.secured')).toMatchObject({ protocol: 'http/1.1' });
});

test.each(profiles)('A8: profile %s refuses TLS 1.1, with the alert that says so', async (profile) => {
  await using server = await startMockServer({ profile });
  await using socket = await openTlsSocket(server, { alpn: ['h2'], version: 'TLSv1.1' });

  expect(socket).toMatchObject({ end: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', secured: undefined });
  expect(await server.journal.waitFor('connection.ended')).toMatchObject({ how: 'error' });
});

test.each(['TLSv1.2', 'TLSv1.3'] as const)('A8: %s is spoken', async (version) => {
  await using server = await startMockServer();
  await using socket = await openTlsSocket(server, { alpn: ['h2'], version });
  expect(socket).toMatchObject({ end: 'open', secured: { alpn: 'h2', version } });
  expect(await server.journal.waitFor('connection.secured')).toMatchObject({ tls: version });
});
