import { expect, test } from 'vitest';
import { openHttp1Client, writeRequest } from '../../client-tests/typescript/support/http1.ts';
import { openRawSocket, openTlsSocket } from '../../client-tests/typescript/support/sockets.ts';
import { TASKS } from '../../client-tests/typescript/support/tasks.ts';
import { startMockServer } from '../index.ts';

/** RFC 9113, section 3.4, and an empty SETTINGS frame. */
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0';
const DENIED = 'http2: server: client attempted h2c downgrade -> denied (ALPN-only mode enforced)';
const REJECTED = "http2: server: rejecting 'h2c' upgrade request";

const upgrade = (value: string) =>
  writeRequest('GET', TASKS, { connection: 'Upgrade, HTTP2-Settings', upgrade: value, 'http2-settings': 'AAMAAABk' });

const openings = [
  ['the HTTP/2 preface', PREFACE, 'h2c', DENIED],
  ['Upgrade: h2c', upgrade('h2c'), 'h2c', REJECTED],
  ['Upgrade: H2C among others', upgrade('websocket, H2C'), 'h2c', REJECTED],
  ['plain HTTP/1.1', writeRequest('GET', TASKS), 'cleartext', 'http2: server: HTTP in clear text -> reset'],
  ['neither TLS nor HTTP', '\0\x01garbage\r\n', 'cleartext', 'http2: server: not a TLS ClientHello -> reset'],
  [
    'a TLS record without a ClientHello',
    '\x16\x03\x01\0\x05\x63abcd',
    'cleartext',
    'http2: server: not a TLS ClientHello -> reset',
  ],
] as const;

for (const profile of ['seedance', 'dual-stack', 'permissive'] as const) {
  test.each(openings)(`A4: profile ${profile} resets %s in clear text`, async (_title, bytes, rule, line) => {
    await using server = await startMockServer({ profile });
    await using socket = await openRawSocket(server);
    await socket.write(Buffer.from(bytes, 'latin1'));

    expect(await socket.ended()).toBe('reset');
    expect(socket.received).toBe('');
    expect(server.journal.events('rule.applied')).toMatchObject([{ rule, connection: 1, line }]);
  });
}

test('A4: a preface that comes a byte at a time is known for what it is', async () => {
  await using server = await startMockServer();
  await using socket = await openRawSocket(server);
  for (const byte of PREFACE.slice(0, 14)) await socket.write(byte);

  expect(await socket.ended()).toBe('reset');
  expect(server.journal.events('rule.applied')).toMatchObject([{ rule: 'h2c', line: DENIED }]);
});

test.each(openings.slice(0, 3))('A4: %s inside TLS is reset, never downgraded', async (_title, bytes, rule, line) => {
  await using server = await startMockServer({ profile: 'dual-stack' });
  for (const alpn of [['http/1.1'], undefined]) {
    await using socket = await openTlsSocket(server, { ...(alpn && { alpn }) });
    await socket.write(Buffer.from(bytes, 'latin1'));
    expect(await socket.ended()).toBe('reset');
    expect(socket.received).toBe('');
  }
  expect(server.journal.events('rule.applied')).toMatchObject([
    { rule, connection: 1, line },
    { rule, connection: 2, line },
  ]);
});

test('A4: an upgrade on a connection that has served requests is reset too', async () => {
  await using server = await startMockServer({ profile: 'dual-stack' });
  await using client = await openHttp1Client(server);
  await client.get(TASKS);
  await client.socket.write(upgrade('h2c'));

  expect(await client.socket.ended()).toBe('reset');
  expect(client.answers).toHaveLength(1);
});

test('an upgrade to something else is no matter of ours: HTTP/1.1 goes on', async () => {
  await using server = await startMockServer({ profile: 'dual-stack' });
  await using client = await openHttp1Client(server);
  expect(await client.get(TASKS, { connection: 'upgrade', upgrade: 'websocket' })).toMatchObject({ status: 200 });
});

test('`cleartext: fin` closes instead', async () => {
  await using server = await startMockServer({ scenario: { service: { cleartext: 'fin' } } });
  await using socket = await openRawSocket(server);
  await socket.write(writeRequest('GET', TASKS));
  expect(await socket.ended()).toBe('fin');
});
