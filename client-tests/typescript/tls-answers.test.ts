import { expect, test } from 'vitest';
import { type Alert, alertRecord, alerts } from '../../server/faults/alerts.ts';
import type { FaultSpec } from '../../server/faults/table.ts';
import { startMockServer } from '../../server/index.ts';
import { makeClientHello, openRawSocket, openTlsSocket } from './support/sockets.ts';

const startWith = (inject: FaultSpec<'handshake'>, seed = 7) =>
  startMockServer({ clock: 'manual', seed, scenario: { faults: [{ name: 'f', on: 'handshake', inject: [inject] }] } });

/** Everything that the server says to a ClientHello, and how it ends. */
async function answerTo(inject: FaultSpec<'handshake'>, seed?: number) {
  await using server = await startWith(inject, seed);
  await using socket = await openRawSocket(server);
  await socket.write(await makeClientHello({ alpn: ['h2'] }));
  const end = await socket.ended();
  await server.journal.waitFor('connection.opened');
  expect(server.journal.events('fault.injected')).toMatchObject([{ fault: 'f', hook: 'handshake', connection: 1 }]);
  return { end, bytes: Buffer.from(socket.received, 'latin1') };
}

test.each(Object.keys(alerts) as Alert[])('the alert %s is one record, and then a FIN', async (description) => {
  const { end, bytes } = await answerTo({ 'tls-alert': { description } });
  expect(bytes).toEqual(Buffer.from(alertRecord(description)));
  expect(end).toBe('fin');
});

test('or a reset, which does not overtake the alert', async () => {
  const { end, bytes } = await answerTo({ 'tls-alert': { description: 'access_denied', how: 'reset' } });
  expect(bytes).toEqual(Buffer.from(alertRecord('access_denied')));
  expect(end).toBe('reset');
});

test.each([
  ['TLSv1.2', 'handshake_failure', 'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE'],
  ['TLSv1.3', 'handshake_failure', 'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE'],
  ['TLSv1.2', 'no_application_protocol', 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL'],
  ['TLSv1.3', 'internal_error', 'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR'],
] as const)('a client of %s that meets %s says so: %s', async (version, description, code) => {
  await using server = await startWith({ 'tls-alert': { description } });
  await using socket = await openTlsSocket(server, { alpn: ['h2'], version });
  expect(socket).toMatchObject({ end: code, secured: undefined });
});

/** RFC 8446, section 6.1; RFC 5246, section 7.2.2. */
test.each([
  ['close_notify', '15030300020100', 'fin'],
  ['user_canceled', '1503030002015a', 'fin'],
  ['no_renegotiation', '15030300020164', 'ERR_SSL_NO_RENEGOTIATION'],
] as const)('%s is a warning, and so the client reads on', async (description, record, seen) => {
  expect((await answerTo({ 'tls-alert': { description } })).bytes.toString('hex')).toBe(record);
  await using server = await startWith({ 'tls-alert': { description } });
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    await using socket = await openTlsSocket(server, { alpn: ['h2'], version });
    expect(socket).toMatchObject({ end: seen, secured: undefined });
  }
});

test('after an alert comes silence, when that is planned', async () => {
  await using server = await startWith({ 'tls-alert': { description: 'user_canceled', how: 'hang' } });
  await using socket = await openRawSocket(server);
  await socket.write(await makeClientHello());
  await socket.until(() => socket.bytesRead === 7);
  await server.clock.advance(60_000);
  expect(socket.end).toBe('open');
});

test('garbage is as long as planned, and the same for the same seed only', async () => {
  const first = await answerTo({ garbage: { bytes: 300 } });
  expect(first).toMatchObject({ end: 'fin', bytes: { length: 300 } });
  expect((await answerTo({ garbage: { bytes: 300 } })).bytes).toEqual(first.bytes);
  expect((await answerTo({ garbage: { bytes: 300 } }, 8)).bytes).not.toEqual(first.bytes);
});

test('each connection gets garbage of its own', async () => {
  await using server = await startWith({ garbage: { bytes: 64 } });
  const seen = new Set<string>();
  for (const _ of [1, 2]) {
    await using socket = await openRawSocket(server);
    await socket.write(await makeClientHello());
    await socket.ended();
    seen.add(socket.received);
  }
  expect(seen.size).toBe(2);
});

test('a client takes garbage for no TLS', async () => {
  await using server = await startWith({ garbage: {} });
  await using socket = await openTlsSocket(server, { alpn: ['h2'] });
  expect(socket).toMatchObject({ end: 'ERR_SSL_WRONG_VERSION_NUMBER', secured: undefined });
});

test('the most garbage that can be planned arrives whole', async () => {
  const { end, bytes } = await answerTo({ garbage: { bytes: 65_536, how: 'fin' } });
  expect({ end, length: bytes.length }).toEqual({ end: 'fin', length: 65_536 });
});
