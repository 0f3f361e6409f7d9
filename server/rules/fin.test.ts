import { expect, test } from 'vitest';
import { openHttp1Client, writeRequest } from '../../client-tests/typescript/support/http1.ts';
import { openTlsSocket } from '../../client-tests/typescript/support/sockets.ts';
import { TASKS } from '../../client-tests/typescript/support/tasks.ts';
import { startMockServer } from '../index.ts';

const cutWithFin = {
  name: 'half-close',
  on: 'request',
  inject: [{ end: { at: 'before-commit', how: 'fin' } }],
} as const;

/** A server that sends FIN to whoever asks it something over HTTP/1.1, where the client's own FIN is the test's to send. */
const startClosing = (profile: 'dual-stack' | 'permissive') =>
  startMockServer({ clock: 'manual', profile, scenario: { faults: [cutWithFin] } });

test('A7: a FIN that the client does not answer within 400 ms is followed by a reset', async () => {
  await using server = await startClosing('dual-stack');
  await using client = await openHttp1Client(server);
  await client.socket.write(writeRequest('GET', TASKS));
  expect(await client.socket.ended()).toBe('fin');

  await server.clock.advance(399);
  expect(server.journal.events('rule.applied')).toEqual([]);

  await server.clock.advance(1);
  expect(server.journal.events('rule.applied')).toMatchObject([
    { rule: 'fin', connection: 1, line: 'http2: server: FIN unanswered 400ms -> reset' },
  ]);
  expect(server.journal.events('connection.ended')).toMatchObject([{ by: 'rule', how: 'reset', cause: 'fin' }]);
  expect(await client.socket.probe()).toBe('reset');
});

test('A7: a FIN that the client answers in time is the end of it', async () => {
  await using server = await startClosing('dual-stack');
  await using client = await openHttp1Client(server);
  await client.socket.write(writeRequest('GET', TASKS));
  await client.socket.ended();
  client.socket.finish();

  expect(await server.journal.waitFor('connection.ended')).toMatchObject({
    by: 'fault',
    how: 'fin',
    cause: 'half-close',
  });
  await server.clock.advance(400);
  expect(server.journal.events('rule.applied')).toEqual([]);
});

test('A7 holds for HTTP/2 in profile seedance', async () => {
  await using server = await startMockServer({ clock: 'manual' });
  await using socket = await openTlsSocket(server, { alpn: ['h2'] });
  await server.journal.waitFor('connection.secured');
  await fetch(`${server.adminUrl}/connections/1?how=fin`, { method: 'DELETE' });
  expect(await socket.ended()).toBe('fin');

  await server.clock.advance(400);
  expect(await server.journal.waitFor('connection.ended')).toMatchObject({ by: 'rule', how: 'reset', cause: 'fin' });
  expect(await socket.probe()).toBe('reset');
});

test('profile permissive waits for the answer', async () => {
  await using server = await startClosing('permissive');
  await using client = await openHttp1Client(server);
  await client.socket.write(writeRequest('GET', TASKS));
  await client.socket.ended();

  await server.clock.advance(10_000);
  expect(server.journal.events('connection.ended')).toEqual([]);
  client.socket.finish();
  expect(await server.journal.waitFor('connection.ended')).toMatchObject({ by: 'fault', how: 'fin' });
});
