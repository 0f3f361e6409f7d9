import { connect, constants } from 'node:http2';
import { expect, test } from 'vitest';
import { type MockServer, startMockServer } from '../../server/index.ts';
import { openClient } from './support/client.ts';
import { openHttp1Client, writeRequest } from './support/http1.ts';
import { openRawHttp2 } from './support/raw-http2.ts';
import { TASKS } from './support/tasks.ts';

const endsOf = (server: MockServer) => server.journal.waitFor('connection.ended');
const late = { name: 'late', on: 'response', inject: [{ delay: { ms: '30s' } }] } as const;

test('a client that leaves a delayed answer with an error code: one strike, and its call is named', async () => {
  await using server = await startMockServer({ clock: 'manual', scenario: { faults: [late] } });
  const session = connect(server.url, { ca: server.ca });
  session.on('error', () => {});
  session.request({ ':path': `${TASKS}/cgt-none`, authorization: 'Bearer x' }).on('error', () => {});
  await server.clock.waiting(30_000);
  session.destroy(new Error('given up'), constants.NGHTTP2_INTERNAL_ERROR);

  expect(await endsOf(server)).toMatchObject({
    by: 'client',
    how: 'goaway',
    requests: [{ request: 1, method: 'GET' }],
  });
  await server.clock.advance(60_000);
  expect(server.journal.events('fault.injected')).toHaveLength(1);
  expect(server.journal.events('response.abandoned')).toEqual([]);
});

test('HTTP/1.1: an answer that is whole before the byte at which it was to be cut was sent, and the connection ends', async () => {
  const cut = { name: 'cut', on: 'request', inject: [{ end: { at: { bodyBytes: 100_000 }, how: 'reset' } }] } as const;
  await using server = await startMockServer({ profile: 'dual-stack', scenario: { faults: [cut] } });
  await using client = await openHttp1Client(server);
  await client.socket.write(writeRequest('GET', TASKS));
  expect(await client.socket.ended()).toBe('reset');
  expect(client.transcript).toEqual(['HEADERS 200', 'DATA 22 of 22', 'RESET']);
  expect(server.journal.events('response.sent')).toMatchObject([{ status: 200, bytes: 22 }]);
  expect(server.journal.events('response.abandoned')).toEqual([]);
  expect(await endsOf(server)).toMatchObject({ by: 'fault', how: 'reset', cause: 'cut', requests: [] });
});

test('HTTP/1.1: an admin who ends a connection by GOAWAY lets the call under way finish', async () => {
  await using server = await startMockServer({ clock: 'manual', profile: 'permissive', scenario: { faults: [late] } });
  await using client = await openHttp1Client(server);
  await client.socket.write(writeRequest('GET', TASKS));
  await server.clock.waiting(30_000);
  await fetch(`${server.adminUrl}/connections/1?how=goaway`, { method: 'DELETE' });
  await server.clock.advance(30_000);
  expect(await client.socket.ended()).toBe('fin');
  expect(client.transcript).toEqual(['HEADERS 200', 'DATA 22 of 22', 'FIN']);
});

test('HTTP/1.1: what follows `connection: close` gets no answer', async () => {
  await using server = await startMockServer({ profile: 'dual-stack' });
  await using client = await openHttp1Client(server);
  await client.socket.write(`${writeRequest('GET', TASKS, { connection: 'close' })}GARBAGE\r\n\r\n`);
  expect(await client.socket.ended()).toBe('fin');
  expect(client.transcript).toEqual(['HEADERS 200', 'DATA 22 of 22', 'FIN']);
});

test('an answer to HEAD has no bytes of body in the journal', async () => {
  await using server = await startMockServer();
  const session = connect(server.url, { ca: server.ca });
  const call = session.request({ ':method': 'HEAD', ':path': TASKS, authorization: 'Bearer x' });
  call.resume();
  expect(await server.journal.waitFor('response.sent')).toMatchObject({ bytes: 0 });
  session.destroy();
});

test('HTTP/1.1: the FIN rule counts from the FIN, not from the refusal that waits on a slow line before it', async () => {
  const slow = { on: 'accept', inject: [{ bandwidth: { bytesPerSecond: 1_000, direction: 'to-client' } }] } as const;
  await using server = await startMockServer({ clock: 'manual', profile: 'dual-stack', scenario: { faults: [slow] } });
  const opening = openHttp1Client(server);
  await server.journal.waitFor('connection.hello');
  for (let ms = 0; ms < 5_000; ms += 100) await server.clock.advance(100);
  await using client = await opening;
  await client.socket.write('GARBAGE\r\n\r\n');
  await server.journal.waitFor('connection.secured');
  for (let ms = 0; ms < 3_000; ms += 100) await server.clock.advance(100);
  expect(await client.socket.ended()).toBe('fin');
  expect(client.transcript.at(0)).toBe('HEADERS 400');
});

test('the first to end a connection does, also while its reset waits for the SETTINGS', async () => {
  await using server = await startMockServer({ profile: 'permissive' });
  await using client = await openRawHttp2(server, { acknowledges: false });
  for (const how of ['reset', 'fin']) await fetch(`${server.adminUrl}/connections/1?how=${how}`, { method: 'DELETE' });
  expect(await client.socket.ended()).toBe('reset');
  expect(await endsOf(server)).toMatchObject({ by: 'admin', how: 'reset' });
});

test('an admin who sends a connection away again and again sends one GOAWAY', async () => {
  await using server = await startMockServer({ clock: 'manual', profile: 'permissive', scenario: { faults: [late] } });
  await using client = await openClient(server);
  void client.get(TASKS);
  await server.clock.waiting(30_000);
  for (let n = 0; n < 12; n++) await fetch(`${server.adminUrl}/connections/1?how=goaway`, { method: 'DELETE' });
  await client.saw('GOAWAY NO_ERROR last=1');
  await server.clock.advance(30_000);
  await client.closed;
  expect(server.journal.events('goaway.sent')).toHaveLength(1);
});
