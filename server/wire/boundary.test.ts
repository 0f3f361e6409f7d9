import { connect } from 'node:http2';
import { expect, test } from 'vitest';
import { openClient } from '../../client-tests/typescript/support/client.ts';
import { openHttp1Client } from '../../client-tests/typescript/support/http1.ts';
import { createTask, TASKS } from '../../client-tests/typescript/support/tasks.ts';
import { startMockServer } from '../index.ts';

/** A server whose disposal does not throw for the bugs that a test puts into it. */
async function startBroken(profile: 'seedance' | 'dual-stack' = 'seedance') {
  const server = await startMockServer({ profile });
  return Object.assign(server, { [Symbol.asyncDispose]: () => server.close() });
}

const broken = (): never => {
  throw new TypeError('our own mistake');
};

test('HTTP/2: a bug in answering a call resets its stream and is recorded; the connection stays', async () => {
  await using server = await startBroken();
  await using client = await openClient(server);
  const id = await createTask(client);
  server.tasks.show = broken;
  const { status, frames } = await client.get(`${TASKS}/${id}`);
  expect({ status, frames }).toEqual({ status: undefined, frames: ['RST_STREAM INTERNAL_ERROR'] });
  expect(server.journal.events('bug')).toMatchObject([{ message: 'our own mistake', connection: 1, request: 2 }]);
  expect(server.journal.events('response.abandoned')).toMatchObject([
    { request: 2, by: 'server', how: 'rst-stream', cause: 'bug', bytes: 0 },
  ]);
  expect(await client.get(TASKS)).toMatchObject({ status: 200 });
});

test('HTTP/1.1: a bug in answering a call resets its connection and is recorded', async () => {
  await using server = await startBroken('dual-stack');
  await using client = await openHttp1Client(server);
  server.lane.strike = broken;
  server.lane.armed = broken;
  void client.get(TASKS).catch(() => {});
  expect(await server.journal.waitFor('connection.ended')).toMatchObject({ by: 'server', how: 'reset', cause: 'bug' });
  expect(server.journal.events('bug')).toMatchObject([{ message: 'our own mistake', connection: 1 }]);
});

test('a bug in what a session calls resets the connection and is recorded', async () => {
  await using server = await startBroken();
  await using client = await openClient(server);
  await client.get(TASKS);
  server.clock.wallNow = broken;
  await client.ping().catch(() => {});
  expect(await server.journal.waitFor('connection.ended')).toMatchObject({ by: 'server', how: 'reset', cause: 'bug' });
  expect(server.journal.events('bug')).toMatchObject([{ message: 'our own mistake', connection: 1 }]);
});

test.each([1, 2, 8])('a client that ends its connection with code %i amid a create causes no bug', async (code) => {
  await using server = await startMockServer();
  const session = connect(server.url, { ca: server.ca });
  session.on('error', () => {});
  const call = session.request({ ':method': 'POST', ':path': TASKS }).on('error', () => {});
  call.write('{');
  await server.journal.waitFor('request.received');
  session.destroy(undefined, code);
  expect(await server.journal.waitFor('connection.ended')).toMatchObject({ by: 'client' });
  expect(server.journal.events('bug')).toEqual([]);
});
