import http2 from 'node:http2';
import tls from 'node:tls';
import { Agent, request } from 'undici';
import { expect, test } from 'vitest';
import { type MockLane, type MockServer, startMockServer } from '../../server/index.ts';
import { describeEvent } from '../../server/log.ts';
import { callAdmin } from './support/admin.ts';
import { openClient } from './support/client.ts';
import { createTask, TASKS } from './support/tasks.ts';

const API = '/api/v3';

/** The clients that the admin API lists, by name. */
async function clientsOf(server: MockServer): Promise<Record<string, { connections: number; requests: number }>> {
  const answer = await fetch(`${server.adminUrl}/clients`);
  const { clients } = (await answer.json()) as { clients: { client: string; connections: number; requests: number }[] };
  return Object.fromEntries(clients.map(({ client, connections, requests }) => [client, { connections, requests }]));
}

const identified = (server: MockServer) =>
  server.journal.events('connection.identified').map(({ connection, client, by }) => ({ connection, client, by }));

test('two keys, two clients; one header, one client, whatever the key', async () => {
  await using server = await startMockServer();
  for (const key of ['a', 'b']) {
    await using client = await openClient(server);
    await client.get(TASKS, { authorization: `Bearer ${key}` });
    await client.get(TASKS, { authorization: `Bearer ${key}`, 'x-client-id': 'web' });
  }

  const names = Object.keys(await clientsOf(server));
  expect(names).toEqual([
    expect.stringMatching(/^key-[\da-f]{8} \+ no user agent \+ print-[\da-f]{12} \+ 127\.0\.0\.1$/),
    'web',
    expect.stringMatching(/^key-/),
  ]);
  expect((await clientsOf(server)).web).toEqual({ connections: 2, requests: 2 });
  expect(identified(server)).toEqual([
    { connection: 1, client: names[0], by: 'api-key+user-agent+ja4+address' },
    { connection: 1, client: 'web', by: 'header x-client-id' },
    { connection: 2, client: names[2], by: 'api-key+user-agent+ja4+address' },
    { connection: 2, client: 'web', by: 'header x-client-id' },
  ]);
});

test('a client that repeats itself is identified once on each connection', async () => {
  await using server = await startMockServer();
  await using client = await openClient(server);
  for (let n = 0; n < 3; n++) await client.get(TASKS, { 'user-agent': 'tea/1' });

  const [event, ...others] = server.journal.events('connection.identified');
  expect(event).toMatchObject({ connection: 1, userAgent: 'tea/1' });
  expect(others).toEqual([]);
  const received = server.journal.events('request.received').map(({ client: sender }) => sender);
  expect(received).toEqual([event?.client, event?.client, event?.client]);
});

/** Connects with TLS and returns the session for the next time. */
async function visit(server: MockServer, session?: Buffer): Promise<Buffer | undefined> {
  let next: Buffer | undefined;
  const { hostname, port } = new URL(server.url);
  const socket = tls.connect({
    ...{ host: hostname, port: Number(port), servername: 'localhost', ca: server.ca, ALPNProtocols: ['h2'] },
    ...(session && { session }),
  });
  socket.on('session', (ticket) => {
    next = ticket;
  });
  const client = http2.connect(server.url, { createConnection: () => socket });
  const call = client.request({ ':path': TASKS, authorization: 'Bearer x' }).resume();
  await new Promise((resolve, reject) => call.once('end', resolve).once('error', reject));
  expect(socket.isSessionReused()).toBe(session !== undefined);
  await new Promise<void>((resolve) => client.close(resolve));
  return next;
}

test('a connection that resumes a session belongs to the same client, though its JA4 is another', async () => {
  await using server = await startMockServer();
  await visit(server, await visit(server));

  const [first, resumed] = server.journal.events('connection.hello');
  expect(resumed?.print).toBe(first?.print);
  expect(resumed?.ja4).not.toBe(first?.ja4);
  expect(Object.values(await clientsOf(server))).toEqual([{ connections: 2, requests: 2 }]);
});

test('another user agent, key or TLS library behind one address is another client', async () => {
  await using server = await startMockServer();
  await using client = await openClient(server);
  await client.get(TASKS, { 'user-agent': 'tea/1' });
  await client.get(TASKS, { 'user-agent': 'milk/1' });
  await client.get(TASKS, { 'user-agent': 'milk/1', authorization: 'Bearer y' });

  expect(Object.keys(await clientsOf(server))).toHaveLength(3);
});

test('a signed URL belongs to the client whose Get returned it, wherever it is fetched', async () => {
  await using server = await startMockServer({ scenario: { tasks: { queued: '0ms', running: '0ms' } } });
  await using maker = await openClient(server);
  await using other = await openClient(server);
  await using idle = await openClient(server);
  const task = await createTask(maker, {}, { 'x-client-id': 'maker' });
  await other.get(TASKS, { 'x-client-id': 'other' });
  await server.journal.waitFor('task.changed', ({ to }) => to === 'succeeded');
  const { content } = JSON.parse((await maker.get(`${TASKS}/${task}`, { 'x-client-id': 'maker' })).text);
  const { pathname, search } = new URL(content.video_url);

  // On the connection of another client, and on one that nothing else identifies.
  for (const client of [other, idle]) {
    const video = await client.get(`${pathname}${search}`, { authorization: '' });
    expect(video.status).toBe(200);
  }

  expect(server.journal.events('request.received').slice(-2)).toMatchObject([{ client: 'maker' }, { client: 'maker' }]);
  expect(identified(server).at(-1)).toEqual({ connection: 3, client: 'maker', by: 'video_url' });
  expect(await clientsOf(server)).toMatchObject({ maker: { requests: 4 }, other: { requests: 1 } });
});

test('a signed URL that a Get by the long way returned belongs to its client, too', async () => {
  const limits = 'individual';
  await using server = await startMockServer({ scenario: { limits, tasks: { queued: '0ms', running: '0ms' } } });
  await using client = await openClient(server);
  const task = await createTask(client, { return_last_frame: true }, { 'x-client-id': 'maker' });
  await server.journal.waitFor('task.changed', ({ to }) => to === 'succeeded');
  const { content } = JSON.parse((await client.get(`${TASKS}/${task}`, { 'x-client-id': 'maker' })).text);
  const { pathname, search } = new URL(content.last_frame_url);
  await client.get(`${pathname}${search}`, { authorization: '' });

  expect(server.journal.events('request.received').at(-1)?.client).toBe('maker');
});

/** Makes a task of client `maker` succeed, and returns what its Get says. */
async function makeVideo(target: MockServer | MockLane, headers: Record<string, string> = {}) {
  const own = { ...headers, 'x-client-id': 'maker' };
  await using client = await openClient(target);
  const task = await createTask(client, {}, own);
  await target.journal.waitFor('task.changed', ({ to }) => to === 'succeeded');
  return JSON.parse((await client.get(`${TASKS}/${task}`, own)).text).content.video_url as string;
}

const AT_ONCE = { tasks: { queued: '0ms', running: '0ms' } } as const;

test('a download from the storage port belongs to the client whose Get returned the URL, in each lane', async () => {
  await using server = await startMockServer({ scenario: AT_ONCE });
  await using lane = await server.openLane({ scenario: AT_ONCE });
  for (const target of [server, lane]) {
    const dispatcher = new Agent({ connect: { ca: server.ca } });
    const { statusCode, body } = await request(await makeVideo(target), { dispatcher });
    await body.dump();
    await dispatcher.close();

    expect(statusCode).toBe(200);
    expect(target.journal.events('request.received').at(-1)).toMatchObject({ client: 'maker', method: 'GET' });
    expect(target.journal.events('connection.identified').at(-1)).toMatchObject({ client: 'maker', by: 'video_url' });
  }
});

test('a download on purpose by another client, with a header, belongs to that client', async () => {
  await using server = await startMockServer({ scenario: { tasks: { queued: '0ms', running: '0ms' } } });
  await using client = await openClient(server);
  const task = await createTask(client, {}, { 'x-client-id': 'maker' });
  await server.journal.waitFor('task.changed', ({ to }) => to === 'succeeded');
  const { content } = JSON.parse((await client.get(`${TASKS}/${task}`, { 'x-client-id': 'maker' })).text);
  const { pathname, search } = new URL(content.video_url);
  await client.get(`${pathname}${search}`, { authorization: '', 'x-client-id': 'player' });

  expect(server.journal.events('request.received').at(-1)?.client).toBe('player');
});

test('calls that show no client belong to that of their connection: a preflight and a heartbeat', async () => {
  await using server = await startMockServer();
  await using client = await openClient(server);
  await client.post(`${API}/heartbeat`, { timestamp: 1 }, { authorization: '' });
  await client.get(TASKS, { 'x-client-id': 'web' });
  await client.get(TASKS, { ':method': 'OPTIONS', authorization: '' });

  const received = server.journal.events('request.received').map(({ client: sender }) => sender);
  expect(received).toEqual([undefined, 'web', undefined]);
  expect(await clientsOf(server)).toEqual({ web: { connections: 1, requests: 3 } });
});

test('calls on a connection where none shows its client are counted as not known', async () => {
  await using server = await startMockServer();
  await using client = await openClient(server);
  await client.post(`${API}/heartbeat`, { timestamp: 1 }, { authorization: '' });

  expect(await clientsOf(server)).toEqual({ 'not known': { connections: 1, requests: 1 } });
  expect(server.journal.events('connection.identified')).toEqual([]);
});

test('`same` makes one client of two identities, also once another scenario is loaded', async () => {
  const clients = { same: [['web', 'worker-*']] };
  await using server = await startMockServer();
  await using client = await openClient(server);
  await client.get(TASKS, { 'x-client-id': 'worker-1' });
  await callAdmin(server, 'PUT /scenario', JSON.stringify({ clients }));
  await client.get(TASKS, { 'x-client-id': 'worker-1' });

  expect(Object.keys(await clientsOf(server))).toEqual(['worker-1', 'web']);
});

test('a client that renews its API key on a connection is identified again, and no more often', async () => {
  await using server = await startMockServer();
  await using client = await openClient(server);
  for (const token of ['one', 'one', 'two', 'two'])
    await client.get(TASKS, { 'x-client-id': 'web', authorization: `Bearer ${token}` });

  const [one, two, ...more] = server.journal.events('connection.identified');
  expect([one, two]).toMatchObject([{ client: 'web' }, { client: 'web' }]);
  expect(one?.account).not.toBe(two?.account);
  expect(more).toEqual([]);
  expect(Object.keys(await clientsOf(server))).toEqual(['web']);
});

test('each lane identifies clients by its own scenario', async () => {
  await using server = await startMockServer();
  await using lane = await server.openLane({ scenario: { clients: { by: ['header x-team'] } } });
  await using client = await openClient(server);
  const headers = { 'x-team': 'blue', 'x-client-id': 'web' };
  await client.get(TASKS, headers);
  await client.get(TASKS, { ...headers, authorization: `Bearer ${lane.apiKey}` });

  expect(server.journal.events('connection.identified')).toMatchObject([{ client: 'web' }]);
  expect(lane.journal.events('connection.identified')).toMatchObject([{ client: 'blue', by: 'header x-team' }]);
});

test('the log says by what a client was identified', async () => {
  await using server = await startMockServer();
  await using client = await openClient(server);
  await client.get(TASKS, { 'x-client-id': 'web' });

  const event = await server.journal.waitFor('connection.identified');
  expect(describeEvent(event)).toEqual(['info', '[1] client "web", identified by header x-client-id']);
});

test('metrics name clients as /clients does', async () => {
  await using server = await startMockServer();
  await using client = await openClient(server);
  await client.get(TASKS, { 'x-client-id': 'web' });

  const metrics = await (await fetch(`${server.adminUrl}/metrics`)).text();
  expect(metrics).toContain('seedance_mock_connection_reuse_ratio{client="web"} 0');
});
