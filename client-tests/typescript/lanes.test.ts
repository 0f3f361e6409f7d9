import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { type MockLane, type MockServer, type ScenarioInput, startMockServer } from '../../server/index.ts';
import { callAdmin } from './support/admin.ts';
import { openClient, type Target } from './support/client.ts';
import { openTlsSocket } from './support/sockets.ts';
import { createTask, getTask, TASKS, textOnly } from './support/tasks.ts';

/** The three ways to a lane: the client to open, and the headers that it sends. */
const ways = [
  ['a port of its own', ({ url, ca }: MockLane): Target => ({ url, ca }), () => ({})],
  [
    'its name',
    ({ id, nameUrl, ca }: MockLane): Target => ({ url: nameUrl, ca, serverName: `${id}.localhost` }),
    () => ({}),
  ],
  [
    'its key',
    ({ sharedUrl, ca }: MockLane): Target => ({ url: sharedUrl, ca }),
    ({ apiKey }: MockLane) => ({ authorization: `Bearer ${apiKey}` }),
  ],
] as const;

const cutPolls: ScenarioInput = {
  faults: [{ name: 'cut', on: 'request', match: { method: 'GET' }, inject: [{ end: { at: 'headers' } }] }],
};

const tasksIn = ({ journal }: Pick<MockServer, 'journal'>) => journal.events('task.created').map(({ task }) => task);

describe.each(ways)('a lane by %s', (way, target, headersOf) => {
  test('has tasks, faults and a journal of its own', async () => {
    await using server = await startMockServer();
    await using lane = await server.openLane({ scenario: cutPolls });
    await using client = await openClient(target(lane));
    const headers = headersOf(lane);

    const task = await createTask(client, {}, headers);
    const cut = await client.get(`${TASKS}/${task}`, headers);
    await client.closed;

    expect([cut.status, cut.text]).toEqual([200, '']);
    expect(client.transcript.at(-1)).toBe('RESET');
    expect(tasksIn(lane)).toEqual([task]);
    expect(lane.journal.events('fault.injected')).toMatchObject([{ fault: 'cut', connection: 1, request: 2 }]);
    expect(lane.journal.events('connection.ended')).toMatchObject([{ connection: 1, by: 'fault', cause: 'cut' }]);
    // All that is to be known of the connection, wherever it came in.
    expect(lane.journal.events('connection.opened')).toHaveLength(1);
    expect(lane.journal.events('connection.hello')).toMatchObject([{ alpn: ['h2'] }]);
    expect(lane.journal.events('connection.secured')).toMatchObject([{ protocol: 'h2' }]);
    expect(tasksIn(server)).toEqual([]);
    expect(server.journal.events('fault.injected')).toEqual([]);
    expect(server.journal.events('request.received')).toEqual([]);
    if (way !== 'its key') expect((await server.verdict()).report.clients).toEqual([]);
  });

  test('hears the heartbeats of its connections', async () => {
    await using server = await startMockServer();
    await using lane = await server.openLane();
    await using client = await openClient(target(lane));

    for (const _beat of [1, 2]) await client.get(TASKS, { ...headersOf(lane), 'x-client-timestamp': `${Date.now()}` });

    expect(lane.journal.events('heartbeat')).toMatchObject([
      { connection: 1, source: 'header' },
      { connection: 1, source: 'header' },
    ]);
  });

  test('gives results that can be fetched', async () => {
    await using server = await startMockServer();
    await using lane = await server.openLane({ scenario: { tasks: { queued: '0ms', running: '0ms' } } });
    await using client = await openClient(target(lane));
    const task = await createTask(client, {}, headersOf(lane));
    await lane.journal.waitFor('task.changed', ({ to }) => to === 'succeeded');
    const { content } = JSON.parse((await client.get(`${TASKS}/${task}`, headersOf(lane))).text);
    const { pathname, search } = new URL(content.video_url);
    // Storage asks for no key: the URL is signed.
    const video = await client.get(`${pathname}${search}`, { authorization: '' });
    expect([video.status, video.headers['content-type']]).toEqual([200, 'video/mp4']);
  });
});

test('a lane learns the latest user agent of a connection that it joins, not all before', async () => {
  await using server = await startMockServer();
  await using lane = await server.openLane();
  await using client = await openClient(server);
  for (let n = 1; n <= 20; n++) await client.get(TASKS, { 'user-agent': `client/${n}` });
  const told = { 'user-agent': 'client/20', authorization: `Bearer ${lane.apiKey}` };

  expect((await client.get(TASKS, told)).status).toBe(200);

  const types = lane.journal.events().filter(({ type }) => type.startsWith('connection.'));
  expect(types.map(({ type }) => type)).toEqual([
    'connection.opened',
    'connection.hello',
    'connection.secured',
    'connection.identified',
  ]);
  expect(lane.journal.events('connection.identified')).toMatchObject([{ userAgent: 'client/20' }]);
});

test('each lane has a clock of its own', async () => {
  await using server = await startMockServer();
  await using fast = await server.openLane({ clock: 'manual' });
  await using still = await server.openLane({ clock: 'manual' });
  await using first = await openClient(fast);
  await using second = await openClient(still);
  await fast.clock.advance(8_000);
  await first.closed;
  expect(first.transcript.at(-1)).toBe('RESET');
  expect(second.transcript).not.toContain('RESET');
  expect(still.journal.events('rule.applied')).toEqual([]);
});

test('by name, faults on the ClientHello are those of the lane', async () => {
  await using server = await startMockServer({
    scenario: { faults: [{ name: 'main', on: 'request', inject: [{ status: { code: 503 } }] }] },
  });
  await using lane = await server.openLane({
    scenario: { faults: [{ name: 'cut', on: 'client-hello', inject: [{ 'tls-cut': { at: 'client-hello' } }] }] },
  });
  const target = { url: lane.nameUrl, ca: lane.ca, serverName: `${lane.id}.localhost` };
  await expect(openClient(target)).rejects.toThrow('ECONNRESET');
  expect(lane.journal.events('fault.injected')).toMatchObject([{ fault: 'cut', hook: 'client-hello' }]);
  expect(server.journal.events('connection.handed-over')).toMatchObject([{ connection: 1, to: lane.id }]);
});

test('by key, several lanes and the main one share a connection', async () => {
  await using server = await startMockServer();
  await using one = await server.openLane({ scenario: { expect: ['tasks-settled'] } });
  await using other = await server.openLane();
  await using client = await openClient(server);
  const keyOf = ({ apiKey }: MockLane) => ({ authorization: `Bearer ${apiKey}` });
  const tasks = [
    await createTask(client),
    await createTask(client, {}, keyOf(one)),
    await createTask(client, {}, keyOf(other)),
  ];
  expect([tasksIn(server), tasksIn(one), tasksIn(other)]).toEqual(tasks.map((task) => [task]));
  expect((await client.get(`${TASKS}/${tasks[2]}`, keyOf(one))).status).toBe(404);
  await client.delete(`${TASKS}/${tasks[0]}`);
  await client.close();
  await one.journal.waitFor('connection.ended');
  const { report } = await one.verdict();
  expect(report.clients).toMatchObject([{ connections: 1, requests: 2 }]);
  expect(report.outcome).toBe('fail');
});

test('100 lanes at once do not see each other', async () => {
  await using server = await startMockServer();
  const seen = await Promise.all(
    Array.from({ length: 100 }, async (_, index) => {
      await using lane = await server.openLane({ seed: index, scenario: cutPolls });
      const [, target, headersOf] = ways[(index % 3) as 0 | 1 | 2];
      await using client = await openClient(target(lane));
      const task = await createTask(client, {}, headersOf(lane));
      const listed = lane.tasks.all().map(({ id }) => id);
      return { same: listed.length === 1 && listed[0] === task, tasks: tasksIn(lane).length, seed: lane.seed };
    }),
  );
  expect(seen).toEqual(Array.from({ length: 100 }, (_, seed) => ({ same: true, tasks: 1, seed })));
  expect(server.tasks.all()).toEqual([]);
  expect(server.journal.events('lane.closed')).toHaveLength(100);
});

describe('a lane that is over', () => {
  test('is told to whoever comes too late, on each way', async () => {
    await using server = await startMockServer();
    const lane = await server.openLane({ id: 'late' });
    await lane.close();
    await expect(openClient({ url: lane.url, ca: lane.ca })).rejects.toThrow('ECONNREFUSED');
    await expect(openClient({ url: lane.nameUrl, ca: lane.ca, serverName: 'late.localhost' })).rejects.toThrow(
      'ECONNRESET',
    );
    await using client = await openClient(server);
    const refused = await client.post(TASKS, textOnly, { authorization: `Bearer ${lane.apiKey}` });
    expect(refused.status).toBe(401);
    expect(JSON.parse(refused.text).error).toMatchObject({
      code: 'AuthenticationError',
      message: expect.stringContaining('There is no lane "late", or it is over.'),
    });
    // The name is free again.
    await using again = await server.openLane({ id: 'late' });
    const headers = { authorization: `Bearer ${again.apiKey}` };
    expect((await getTask(client, await createTask(client))).status).toBe('queued');
    expect((await client.post(TASKS, textOnly, headers)).status).toBe(200);
  });

  test.each(ways.slice(0, 2))(
    'has ended each connection that came by %s, also of a client that stays',
    async (_way, target) => {
      await using server = await startMockServer({ profile: 'permissive' });
      const lane = await server.openLane({ profile: 'permissive' });
      const { serverName = 'localhost' } = target(lane);
      await using socket = await openTlsSocket(target(lane), { alpn: ['h2'], serverName });
      await lane.journal.waitFor('connection.secured');

      await lane.close();

      expect(lane.journal.events('connection.ended')).toMatchObject([{ by: 'shutdown', how: 'reset' }]);
      expect(await socket.probe()).toBe('reset');
    },
  );

  test('ends its calls on a shared connection, and no others', async () => {
    await using server = await startMockServer();
    const lane = await server.openLane({
      scenario: { faults: [{ name: 'slow', on: 'request', inject: [{ delay: { ms: 60_000 } }] }] },
      clock: 'manual',
    });
    await using client = await openClient(server);
    const held = client.post(TASKS, textOnly, { authorization: `Bearer ${lane.apiKey}` });
    await lane.journal.waitFor('fault.injected');
    await lane.close();
    expect((await held).rstCode).toBe(8);
    expect(await createTask(client)).toMatch(/^cgt-/);
  });

  test('frees all that it held', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    await using server = await startMockServer();
    await using shared = await openClient(server);
    const held = await (async () => {
      const lane = await server.openLane({ scenario: { faults: [{ name: 'n', on: 'accept', inject: ['reset'] }] } });
      await createTask(shared, {}, { authorization: `Bearer ${lane.apiKey}` });
      await lane.close();
      return [lane.journal, lane.clock, lane.tasks].map((part) => new WeakRef<object>(part));
    })();
    // Sockets and timers are let go of over a few turns of the event loop.
    for (let turn = 0; turn < 50 && held.some((part) => part.deref()); turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      collect();
    }
    expect(held.map((part) => part.deref())).toEqual([undefined, undefined, undefined]);
  });
});

describe('on the admin port', () => {
  const open = (server: MockServer, body: object) => callAdmin(server, 'POST /lanes', JSON.stringify(body));

  test('POST /lanes answers with the three ways, and each lane has all that the main one has', async () => {
    await using server = await startMockServer();
    const { status, body } = await open(server, { id: 'checkout', scenario: 'poll-reset', seed: 7, clock: 'manual' });
    const { port } = new URL(server.url);
    expect([status, body]).toEqual([
      201,
      {
        id: 'checkout',
        url: expect.stringMatching(/^https:\/\/localhost:\d+$/),
        nameUrl: `https://checkout.localhost:${port}`,
        sharedUrl: server.url,
        apiKey: 'ark-lane-checkout',
        adminUrl: `${server.adminUrl}/lanes/checkout`,
        storageUrl: `${server.storageUrl}/checkout`,
        scenario: 'poll-reset',
        seed: 7,
      },
    ]);
    const lane = body as { readonly adminUrl: string; readonly url: string };
    await using client = await openClient({ url: lane.url, ca: server.ca });
    const task = await createTask(client);
    const ask = async (call: string, given?: string) => (await callAdmin(lane, call, given)).body;
    expect(await ask('GET /tasks')).toMatchObject({ tasks: [{ id: task }] });
    expect(await ask('GET /events?type=task.created')).toMatchObject({ events: [{ task }] });
    expect(await ask('GET /connections')).toMatchObject({ connections: [{ id: 1, protocol: 'h2' }] });
    expect(await ask('POST /clock/advance', '{"by":"2s"}')).toMatchObject({ mode: 'manual' });
    expect(await ask('GET /report')).toMatchObject({ scenario: 'poll-reset', seed: 7 });
    expect(await ask('POST /reset')).toMatchObject({ seed: 7 });
    expect(await callAdmin(server, 'GET /tasks')).toMatchObject({ body: { tasks: [] } });
    expect(await callAdmin(server, 'GET /lanes')).toMatchObject({ body: { lanes: [{ id: 'checkout' }] } });
    expect(await callAdmin(server, 'DELETE /lanes/checkout')).toMatchObject({ status: 204 });
    expect(await callAdmin(server, 'GET /lanes/checkout/events')).toMatchObject({ status: 404 });
  });

  test.each([
    [{ id: 'Not a name' }, 400, 'LANE_ID_INVALID'],
    [{ id: 'main' }, 400, 'LANE_ID_INVALID'],
    [{ id: 'taken' }, 409, 'LANE_EXISTS'],
    [{ scenario: 'no-such-scenario' }, 404, 'ADMIN_NOT_FOUND'],
    [{ scenario: '/etc/hostname' }, 404, 'ADMIN_NOT_FOUND'],
    [{ scenario: '../package.json' }, 404, 'ADMIN_NOT_FOUND'],
    [{ scenario: { faults: [{ name: 'x', on: 'request', inject: ['go-away'] }] } }, 422, 'UNKNOWN_FAULT'],
    [{ scenario: 'faults:\n  - nonsense\n' }, 422, 'INVALID_VALUE'],
    [{ speed: 3 }, 400, 'ADMIN_BAD_REQUEST'],
    [{ clock: 0 }, 400, 'ADMIN_BAD_REQUEST'],
  ])('POST /lanes %j is refused with %i %s', async (body, status, code) => {
    await using server = await startMockServer();
    await using _taken = await server.openLane({ id: 'taken' });
    expect(await open(server, body)).toMatchObject({ status, body: { problems: [{ code }] } });
    expect((await callAdmin(server, 'GET /lanes')).body).toMatchObject({ lanes: [{ id: 'taken' }] });
  });

  test('lanes take the ports they are given, and no more than there are', async () => {
    const free = await startMockServer();
    const from = Number(new URL(free.url).port);
    await free.close();
    await using server = await startMockServer({ lanePorts: { from, to: from } });
    const lane = await server.openLane();
    expect(lane.url).toBe(`https://localhost:${from}`);
    expect(await open(server, {})).toMatchObject({ status: 409, body: { problems: [{ code: 'NO_LANE_PORT' }] } });
    await lane.close();
    expect(await open(server, {})).toMatchObject({ status: 201 });
  });
});
