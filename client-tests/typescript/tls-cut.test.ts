import { expect, test } from 'vitest';
import { startMockServer } from '../../server/index.ts';
import { makeClientHello, openRawSocket, openTlsSocket } from './support/sockets.ts';

type Place = 'client-hello' | 'server-hello' | 'finished';
type How = 'reset' | 'fin' | 'hang';

const startCutting = (at: Place, how: How, on: 'client-hello' | 'handshake' = 'handshake') =>
  startMockServer({
    clock: 'manual',
    profile: 'dual-stack',
    // The loader refuses the other places on `client-hello`.
    scenario: JSON.stringify({ faults: [{ name: 'cut', on, inject: [{ 'tls-cut': { at, how } }] }] }),
  });

test.each(['client-hello', 'handshake'] as const)('on `%s`: a reset after the ClientHello, no alert', async (on) => {
  await using server = await startCutting('client-hello', 'reset', on);
  await using socket = await openTlsSocket(server, { alpn: ['h2'] });
  expect(socket).toMatchObject({ end: 'reset', secured: undefined, bytesRead: 0 });
  expect(server.journal.events('connection.ended')).toMatchObject([{ by: 'fault', how: 'reset', cause: 'cut' }]);
});

test('a FIN after the ClientHello, no alert', async () => {
  await using server = await startCutting('client-hello', 'fin');
  await using socket = await openTlsSocket(server, { alpn: ['h2'] });
  expect(socket).toMatchObject({ end: 'fin', secured: undefined, bytesRead: 0 });
});

test.each([
  ['reset', 'TLSv1.3'],
  ['reset', 'TLSv1.2'],
  ['fin', 'TLSv1.3'],
  ['fin', 'TLSv1.2'],
] as const)('a %s after the ServerHello of %s', async (how, version) => {
  await using server = await startCutting('server-hello', how);
  await using socket = await openRawSocket(server);
  await socket.write(await makeClientHello({ alpn: ['h2'], version }));
  expect(await socket.ended()).toBe(how);

  // One record (RFC 8446, section 5.1), and in it a ServerHello (section 4).
  const record = Buffer.from(socket.received, 'latin1');
  expect([record[0], record[5]]).toEqual([22, 2]);
  expect(record.length).toBe(5 + record.readUInt16BE(3));
});

test.each(['TLSv1.3', 'TLSv1.2'] as const)('a reset once the handshake of %s has finished', async (version) => {
  await using server = await startCutting('finished', 'reset');
  await using socket = await openTlsSocket(server, { alpn: ['h2'], version });
  expect(socket.secured).toMatchObject({ alpn: 'h2', version });
  expect(await socket.ended()).toBe('reset');
  expect(server.journal.events('connection.secured')).toEqual([]);
});

test('a FIN once the handshake has finished', async () => {
  await using server = await startCutting('finished', 'fin');
  await using socket = await openTlsSocket(server, { alpn: ['h2'] });
  expect(socket.secured).toMatchObject({ alpn: 'h2' });
  expect(await socket.ended()).toBe('fin');
  expect(socket.received).toBe('');
});

test.each(['client-hello', 'server-hello', 'finished'] as const)('silence at %s, and no rule breaks it', async (at) => {
  await using server = await startCutting(at, 'hang');
  await using socket = await openRawSocket(server);
  await socket.write(await makeClientHello({ alpn: ['h2'] }));
  if (at !== 'client-hello') await socket.until(() => socket.bytesRead > 0);

  await server.journal.waitFor('fault.injected');
  await server.clock.advance(7_000);
  expect(socket.end).toBe('open');
});
