import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import tls from 'node:tls';
import { expect, test } from 'vitest';
import { type MockServer, startMockServer } from '../../server/index.ts';
import { openClient } from './support/client.ts';
import { createTask, TASKS } from './support/tasks.ts';

/** A client that is gone, or gone from its calls, before the server has looked at them. */
interface Leaving {
  readonly session: ClientHttp2Session;
  readonly calls: readonly ClientHttp2Stream[];
}

const each = (calls: readonly ClientHttp2Stream[], leave: (call: ClientHttp2Stream) => void) => {
  for (const call of calls) leave(call);
};

const ways: readonly (readonly [string, (client: Leaving) => void])[] = [
  ['destroys its calls', ({ calls }) => each(calls, (call) => call.destroy())],
  ['resets its calls with CANCEL', ({ calls }) => each(calls, (call) => call.close(constants.NGHTTP2_CANCEL))],
  ['resets its calls with NO_ERROR', ({ calls }) => each(calls, (call) => call.close(constants.NGHTTP2_NO_ERROR))],
  ['destroys its connection', ({ session }) => session.destroy()],
  ['ends its connection with an error code', ({ session }) => session.destroy(undefined, constants.NGHTTP2_CANCEL)],
  ['says GOAWAY with an error code', ({ session }) => session.goaway(constants.NGHTTP2_PROTOCOL_ERROR)],
];

const paths = { poll: 'a task', list: TASKS, unknown: '/nothing/here' };
const SESSIONS = 40;
const CALLS = 5;

/** Connected, and not yet greeted: what it sends next arrives together with its own greeting. */
async function openSession({ url, ca }: MockServer): Promise<ClientHttp2Session> {
  const session = connect(url, { ca });
  session.on('error', () => {});
  await new Promise<void>((resolve) => session.once('connect', () => resolve()));
  return session;
}

test.each(Object.keys(paths).flatMap((path) => ways.map(([way, leave]) => [path, way, leave] as const)))(
  'a client that asks for %s and %s: no bug, and the server answers the next',
  async (path, _way, leave) => {
    await using server = await startMockServer();
    await using client = await openClient(server);
    const url = path === 'poll' ? `${TASKS}/${await createTask(client)}` : paths[path as keyof typeof paths];
    for (let n = 0; n < SESSIONS; n++) {
      const session = await openSession(server);
      const calls = Array.from({ length: CALLS }, () =>
        session.request({ ':path': url, authorization: 'Bearer x' }).on('error', () => {}),
      );
      if (n % 2 === 1) await setImmediate();
      leave({ session, calls });
      // It stays as long as it takes the server to see what it has done.
      await client.get(TASKS);
      session.destroy();
    }
    expect(await client.get(TASKS)).toMatchObject({ status: 200 });
    expect(server.journal.events('bug')).toEqual([]);
  },
);

test('a connection that is gone before the first bytes of its session are read: no bug', async () => {
  await using server = await startMockServer();
  const accepted: Socket[] = [];
  const note = (message: unknown) => accepted.push((message as { readonly socket: Socket }).socket);
  subscribe('net.server.socket', note);
  const options = { host: 'localhost', port: Number(new URL(server.url).port), ca: server.ca };
  const client = tls.connect({ ...options, ALPNProtocols: ['h2'] }).on('error', () => {});
  // They come right behind the client's Finished, and are more than Node takes before it stops to read.
  client.write(Buffer.alloc(100_000));
  server.journal.subscribe(({ type }) => {
    if (type === 'connection.secured') accepted[0]?.destroy();
  });
  expect(await server.journal.waitFor('connection.ended')).toMatchObject({ connection: 1 });
  await setImmediate();
  unsubscribe('net.server.socket', note);
  expect(server.journal.events('bug')).toEqual([]);
});
