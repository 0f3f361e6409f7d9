import { expect, test } from 'vitest';
import { openClient } from '../../client-tests/typescript/support/client.ts';
import { openHttp1Client, writeRequest } from '../../client-tests/typescript/support/http1.ts';
import { openRawSocket } from '../../client-tests/typescript/support/sockets.ts';
import { TASKS } from '../../client-tests/typescript/support/tasks.ts';
import { startMockServer } from '../index.ts';

const struck = { rule: 'idle', connection: 1, line: 'http2: server: idle 8s -> reset' };
/** Answers at once but for this path, which takes 30 s. */
const SLOW = `${TASKS}/slow`;
const slowAnswer = {
  faults: [{ name: 'slow', on: 'response', match: { path: SLOW }, inject: [{ delay: { ms: '30s' } }] }],
} as const;

test('A5: 7999 ms without traffic are borne, 8000 are a reset', async () => {
  await using server = await startMockServer({ clock: 'manual' });
  await using client = await openClient(server);
  await client.ping();

  await server.clock.advance(7_999);
  expect(server.journal.events('rule.applied')).toEqual([]);

  await server.clock.advance(1);
  await client.closed;
  expect(client.transcript).toEqual(['PING ACK', 'RESET']);
  expect(server.journal.events('rule.applied')).toMatchObject([struck]);
  expect(server.journal.events('connection.ended')).toMatchObject([
    { by: 'rule', how: 'reset', cause: 'idle', idleMs: 8_000, ageMs: 8_000, requests: [] },
  ]);
});

test('A5 strikes a call that waits for a slow answer', async () => {
  await using server = await startMockServer({ clock: 'manual', scenario: slowAnswer });
  await using client = await openClient(server);
  await client.ping();
  const reply = client.get(SLOW, { 'x-async-trace-id': 'trace-1' });
  await server.clock.waiting(30_000);

  await server.clock.advance(8_000);
  await reply;
  expect(client.transcript).toEqual(['PING ACK', 'RESET']);
  expect(server.journal.events('connection.ended')).toMatchObject([
    { by: 'rule', cause: 'idle', requests: [{ stream: 1, method: 'GET', path: SLOW, asyncTraceId: 'trace-1' }] },
  ]);
});

test('A5: a PING every few seconds keeps the connection, and a slow answer arrives', async () => {
  await using server = await startMockServer({
    clock: 'manual',
    scenario: { ...slowAnswer, service: { heartbeat: 'off' } },
  });
  await using client = await openClient(server);
  const reply = client.get(SLOW);
  await server.clock.waiting(30_000);
  for (let beat = 1; beat <= 4; beat++) {
    await server.clock.advance(7_500);
    await client.ping();
  }
  expect(await reply).toMatchObject({ status: 404 });
});

test('A5: the 8 s begin with the last byte in either direction', async () => {
  await using server = await startMockServer({ clock: 'manual' });
  await using client = await openClient(server);
  await client.ping();
  await server.clock.advance(7_000);
  await client.get(TASKS);

  await server.clock.advance(7_999);
  expect(server.journal.events('rule.applied')).toEqual([]);
  await server.clock.advance(1);
  await client.closed;
  expect(client.transcript.at(-1)).toBe('RESET');
});

test.each(['kept alive', 'waiting'])('A5 holds for HTTP/1.1 in profile dual-stack: %s', async (state) => {
  await using server = await startMockServer({ clock: 'manual', profile: 'dual-stack', scenario: slowAnswer });
  await using client = await openHttp1Client(server);
  await client.get(TASKS);
  if (state === 'waiting') {
    await client.socket.write(writeRequest('GET', SLOW));
    await server.clock.waiting(30_000);
  }

  await server.clock.advance(7_999);
  expect(client.socket.end).toBe('open');
  await server.clock.advance(1);
  expect(await client.socket.ended()).toBe('reset');
  expect(server.journal.events('connection.ended')).toMatchObject([
    { by: 'rule', cause: 'idle', idleMs: 8_000, requests: state === 'waiting' ? [{ path: SLOW }] : [] },
  ]);
});

test('A5 strikes a client that connects and says nothing', async () => {
  await using server = await startMockServer({ clock: 'manual' });
  await using socket = await openRawSocket(server);
  await server.journal.waitFor('connection.opened');

  await server.clock.advance(7_999);
  expect(socket.end).toBe('open');
  await server.clock.advance(1);
  expect(await socket.ended()).toBe('reset');
});

test('profile permissive lets a connection idle', async () => {
  await using server = await startMockServer({ clock: 'manual', profile: 'permissive' });
  await using client = await openClient(server);
  await client.ping();
  await server.clock.advance(60_000);
  expect(await client.get(TASKS)).toMatchObject({ status: 200 });
});

test('`idle` takes another limit and another end', async () => {
  await using server = await startMockServer({
    clock: 'manual',
    scenario: { service: { idle: { after: '2s', then: 'fin' } } },
  });
  await using client = await openClient(server);
  await client.ping();
  await server.clock.advance(2_000);
  await client.closed;
  expect(client.transcript).toEqual(['PING ACK', 'FIN']);
  expect(server.journal.events('rule.applied')).toMatchObject([{ line: 'http2: server: idle 2s -> fin' }]);
});
