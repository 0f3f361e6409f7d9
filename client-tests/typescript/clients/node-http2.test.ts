import { once } from 'node:events';
import http2, { type ClientHttp2Session, type OutgoingHttpHeaders } from 'node:http2';
import { buffer, json } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { type MockServer, startMockServer } from '../../../server/index.ts';
import { standardVideo } from '../support/standard-video.ts';
import { TASKS, textOnly } from '../support/tasks.ts';

const key = { authorization: 'Bearer ark-client-tests' };
const video = standardVideo;
/** A task that takes longer than a connection may be silent (8 s), and longer than one may go without a heartbeat (30 s). */
const slow = { tasks: { queued: '10s', running: '30s' } };

interface Task {
  readonly id: string;
  readonly status: string;
  readonly content?: { readonly video_url: string };
}

function openSession(server: MockServer) {
  const session = http2.connect(server.url, { ca: server.ca });
  return Object.assign(session, { [Symbol.asyncDispose]: async () => session.destroy() });
}

function send(session: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: unknown) {
  const request = session.request(headers);
  request.end(body === undefined ? undefined : JSON.stringify(body));
  return request;
}

const create = async (session: ClientHttp2Session) =>
  (await json(send(session, { ':method': 'POST', ':path': TASKS, ...key }, textOnly))) as Task;
const get = async (session: ClientHttp2Session, id: string) =>
  (await json(send(session, { ':path': `${TASKS}/${id}`, ...key }))) as Task;

/** Tells the server what time it is, and waits for the answer. */
function beat(session: ClientHttp2Session): Promise<void> {
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(Date.now()));
  return new Promise((resolve, reject) => session.ping(time, (error) => (error ? reject(error) : resolve())));
}

test('node:http2 keeps one connection by a PING every 4 s, until its video is done', async () => {
  await using server = await startMockServer({ clock: 'manual', scenario: slow });
  await using session = openSession(server);

  const { id } = await create(session);
  for (let second = 0; second < 40; second += 4) {
    await server.clock.advance(4_000);
    await beat(session);
  }
  const { status, content } = await get(session, id);
  const { pathname, search } = new URL(content?.video_url ?? '');
  const bytes = await buffer(send(session, { ':path': `${pathname}${search}` }));

  expect(status).toBe('succeeded');
  expect(bytes.toString('latin1', 4, 8)).toBe('ftyp');
  expect(bytes.equals(video)).toBe(true);
  expect(server.journal.events('connection.secured')).toMatchObject([{ protocol: 'h2' }]);
  expect(server.journal.events('heartbeat')).toHaveLength(10);
  expect(server.journal.events('heartbeat')[0]).toMatchObject({ source: 'ping', judgedBy: 'client' });
  expect(server.journal.events('rule.applied')).toEqual([]);
});

test('node:http2 that waits in silence is reset, and gets its video over the next connection', async () => {
  await using server = await startMockServer({ clock: 'manual', scenario: slow });
  await using session = openSession(server);

  const { id } = await create(session);
  const failure = once(session, 'error');
  await server.clock.advance(40_000);

  expect(await failure).toMatchObject([{ code: 'ECONNRESET', syscall: 'read' }]);
  expect(server.journal.events('connection.ended')).toMatchObject([{ by: 'rule', cause: 'idle', how: 'reset' }]);
  await using next = openSession(server);
  expect(await get(next, id)).toMatchObject({ id, status: 'succeeded' });
  expect(server.journal.events('connection.secured')).toMatchObject([{ protocol: 'h2' }, { protocol: 'h2' }]);
});
