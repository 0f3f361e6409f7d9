import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type ScenarioInput, startMockServer } from '../../server/index.ts';
import { API_PREFIX } from '../../server/seedance/paths.ts';
import { askClient } from '../cli/run-client.ts';
import { callAdmin } from './support/admin.ts';
import { clients } from './support/both-versions.ts';
import { openClient } from './support/client.ts';
import { openFolder, runMock } from './support/command-line.ts';
import { openHttp1Client } from './support/http1.ts';
import { makeHardened, naiveOn } from './support/judged-clients.ts';
import { ScriptedUpstream } from './support/scripted-upstream.ts';
import { openCall } from './support/streaming-call.ts';
import { createTask, TASKS, textOnly } from './support/tasks.ts';
import { bodyOf, startProxy, startUpstream } from './support/upstreams.ts';

describe.each(clients)('over %s', (_version, open) => {
  test('a task is created and polled at the upstream, and the journal tells of it as of one of ours', async () => {
    await using upstream = await startUpstream();
    await using proxy = await startProxy(upstream);
    await using client = await open(proxy);

    const created = await client.post(TASKS, textOnly);
    const { id } = JSON.parse(bodyOf(created));
    const queued = JSON.parse(bodyOf(await client.get(`${TASKS}/${id}`)));
    await upstream.clock.advance(10_000);
    const over = JSON.parse(bodyOf(await client.get(`${TASKS}/${id}`)));
    const list = JSON.parse(bodyOf(await client.get(`${TASKS}?page_size=5`)));

    expect(created).toMatchObject({ status: 200, headers: { via: '2 seedance-mock', server: 'istio-envoy' } });
    expect(upstream.tasks.all().map((task) => task.id)).toEqual([id]);
    expect(proxy.tasks.all()).toEqual([]);
    expect([queued.status, over.status, list.items[0].status]).toEqual(['queued', 'succeeded', 'succeeded']);
    expect(proxy.journal.events('task.created')).toMatchObject([
      { task: id, model: textOnly.model, connection: 1, request: 1 },
    ]);
    expect(proxy.journal.events('task.changed')).toMatchObject([{ task: id, from: 'queued', to: 'succeeded' }]);
    expect(proxy.journal.events('request.body')).toMatchObject(
      upstream.journal.events('request.body').map(({ bytes, digest }) => ({ bytes, digest })),
    );
    expect(proxy.journal.events('response.sent').map(({ status, bytes }) => [status, bytes])).toEqual(
      upstream.journal.events('response.sent').map(({ status, bytes }) => [status, bytes]),
    );
  });

  test('what is wrong with a call is told by the upstream', async () => {
    await using upstream = await startUpstream();
    await using proxy = await startProxy(upstream);
    await using client = await open(proxy);

    const refused = await client.post(TASKS, { model: 'x' });
    const unknown = await client.get('/nowhere');

    expect([refused?.status, unknown?.status]).toEqual([404, 404]);
    expect(JSON.parse(bodyOf(refused)).error.message).toMatch(/Request id: 02/);
    expect(upstream.journal.events('response.sent').map(({ path }) => path)).toEqual([TASKS, '/nowhere']);
    expect(proxy.journal.events('task.created')).toEqual([]);
  });
});

test('a DELETE cancels what is queued and deletes what is over', async () => {
  await using upstream = await startUpstream();
  await using proxy = await startProxy(upstream);
  await using client = await openClient(proxy);
  const [first, second] = [await createTask(client), await createTask(client)];

  await client.delete(`${TASKS}/${first}`);
  await upstream.clock.advance(10_000);
  await client.get(`${TASKS}/${second}`);
  await client.delete(`${TASKS}/${second}`);
  const refused = await client.delete(`${TASKS}/cgt-none`);

  expect(refused.status).toBe(404);
  expect(proxy.journal.events('task.changed')).toMatchObject([
    { task: first, from: 'queued', to: 'cancelled' },
    { task: second, from: 'queued', to: 'succeeded' },
  ]);
  expect(proxy.journal.events('task.deleted')).toMatchObject([{ task: second }]);
});

test('compressed answers are passed on as they are, and understood', async () => {
  const { gzipSync } = await import('node:zlib');
  const answer = gzipSync('{"id":"cgt-1"}');
  await using upstream = await ScriptedUpstream.open('h2', (request, response) => {
    request.resume();
    response.writeHead(200, { 'content-encoding': 'gzip' });
    response.end(answer);
  });
  await using proxy = await startProxy(upstream);
  using call = openCall(proxy, 'h2', { method: 'POST', path: TASKS, headers: { 'accept-encoding': 'gzip' } });
  call.request.end('{"model":"m"}');
  const { body } = await call.answered;

  expect(await buffer(body)).toEqual(answer);
  expect(proxy.journal.events('task.created')).toMatchObject([{ task: 'cgt-1', model: 'm' }]);
});

test('a List that is longer than what is looked at still tells of the tasks at its head', async () => {
  const padding = 'x"{}[]\\'.repeat(5_000);
  const items = Array.from({ length: 9 }, (_, nth) => ({ id: `cgt-${nth}`, padding, status: 'succeeded' }));
  await using upstream = await ScriptedUpstream.open('h2', (request, response) => {
    request.resume();
    response.writeHead(200);
    response.end(request.method === 'POST' ? '{"id":"cgt-0"}' : JSON.stringify({ total: 9, items }));
  });
  await using proxy = await startProxy(upstream);
  await using client = await openClient(proxy);
  await client.post(TASKS, textOnly);

  const list = await client.get(TASKS);

  expect(JSON.parse(list.text).items).toEqual(items);
  expect(proxy.journal.events('task.changed')).toMatchObject([{ task: 'cgt-0', to: 'succeeded' }]);
});

test('the fetch of this process is as it was: a client under test may live here', async () => {
  const agentOf = () => Reflect.get(globalThis, Symbol.for('undici.globalDispatcher.1'));
  void globalThis.Response;
  const before = agentOf();
  await using upstream = await startUpstream();
  await using _proxy = await startProxy(upstream);

  expect(before).toBeTypeOf('object');
  expect(agentOf()).toBe(before);
});

test('a heartbeat is ours: no real service knows its path', async () => {
  await using upstream = await startUpstream();
  await using proxy = await startProxy(upstream);
  await using client = await openClient(proxy);

  expect(await client.post(`${API_PREFIX}/heartbeat`, { timestamp: null })).toMatchObject({ status: 200, text: '{}' });

  expect(proxy.journal.events('heartbeat')).toMatchObject([{ source: 'endpoint' }]);
  expect(upstream.journal.events('request.received')).toEqual([]);
});

describe('rules are on the side of the client', () => {
  test('one that waits in silence is reset after 8 s, and its task is told of when the upstream answers (rule A5)', async () => {
    const asked = Promise.withResolvers<() => void>();
    await using upstream = await ScriptedUpstream.open('h2', (request, response) => {
      request.resume().once('end', () => asked.resolve(() => response.end('{"id":"cgt-late"}')));
    });
    await using proxy = await startProxy(upstream, { service: { idle: { after: '8s', then: 'reset' } } });
    await using client = await openClient(proxy);
    const reply = client.post(TASKS, textOnly);
    const answer = await asked.promise;

    await proxy.clock.advance(9_000);
    await reply;
    expect(client.transcript).toEqual(['RESET']);
    expect(proxy.journal.events('connection.ended')).toMatchObject([
      { by: 'rule', cause: 'idle', requests: [{ method: 'POST', path: TASKS }] },
    ]);

    answer();
    const created = await proxy.journal.waitFor('task.created');
    expect(created).toMatchObject({ task: 'cgt-late', connection: 1, request: 1 });
    expect(proxy.journal.events('upstream.failed')).toEqual([]);
  });

  test('one without ALPN h2 is reset, and the upstream hears nothing of it (rule A2)', async () => {
    await using upstream = await startUpstream();
    await using proxy = await startProxy(upstream, {}, { profile: 'seedance' });

    await using client = await openHttp1Client(proxy);

    expect(await client.socket.ended()).toBe('reset');
    expect(proxy.journal.events('rule.applied')).toMatchObject([{ rule: 'alpn' }]);
    expect(upstream.journal.events('connection.opened')).toEqual([]);
  });
});

describe('the client is judged', () => {
  /** The upstream keeps its own time, and is quick enough for a test. */
  const quick = { tasks: { queued: '0s', running: '300ms' } } as const;
  const lostCreate = {
    faults: [
      {
        name: 'the answer is lost',
        on: 'request',
        match: { method: 'POST', path: TASKS },
        when: { first: 1 },
        inject: [{ end: { at: 'after-commit', how: 'reset' } }],
      },
    ],
    expect: ['no-duplicate-creates', 'tasks-settled', { 'poll-interval': { atLeast: '1s' } }],
  } satisfies ScenarioInput;

  test('a naive one makes the video twice at the upstream, and fails', async () => {
    await using upstream = await startUpstream(quick, { clock: 1 });
    await using proxy = await startProxy(upstream, lostCreate);

    expect(await naiveOn(proxy).makeVideo()).toBe('succeeded');

    expect(upstream.tasks.all()).toHaveLength(2);
    const { report } = await proxy.verdict();
    expect(report.checks.map(({ check, outcome }) => [check, outcome])).toEqual([
      ['no-duplicate-creates', 'fail'],
      ['tasks-settled', 'fail'],
      ['poll-interval', 'fail'],
    ]);
  });

  test('a hardened one finds its task by List, and passes', async () => {
    await using upstream = await startUpstream(quick, { clock: 1 });
    await using proxy = await startProxy(upstream, lostCreate);

    expect(await makeHardened(proxy)).toBe('succeeded');

    expect(upstream.tasks.all()).toHaveLength(1);
    const { report } = await proxy.verdict();
    expect(report.checks.map(({ check, outcome }) => [check, outcome])).toEqual([
      ['no-duplicate-creates', 'pass'],
      ['tasks-settled', 'pass'],
      ['poll-interval', 'pass'],
    ]);
  });
});

test.each([
  ['profile dual-stack', 'dual-stack', []],
  ['the default profile', 'seedance', ['--http2']],
] as const)('the AI SDK makes a video through us, in %s', async (_how, profile, options) => {
  await using upstream = await startMockServer({ profile, scenario: { tasks: { queued: '100ms', running: '300ms' } } });
  await using proxy = await startMockServer({ profile, upstream: upstream.url, upstreamCa: upstream.caFile });
  // The result comes from the upstream's own storage, past us.
  await using folder = await openFolder();
  const caFile = await folder.write('both.pem', `${proxy.ca}${upstream.ca}`);
  const client = fileURLToPath(new URL('clients/ai-sdk-client.ts', import.meta.url));

  const seen = await askClient({ ...proxy, caFile }, process.execPath, client, '--own-download', ...options);

  const [task] = upstream.tasks.all();
  expect(seen).toMatchObject({ task: task?.id, type: 'video/mp4', box: 'ftyp' });
  expect(proxy.journal.events('task.changed').at(-1)).toMatchObject({ task: task?.id, to: 'succeeded' });
});

test('`run` judges a command by what it does to the upstream', async () => {
  await using upstream = await startMockServer({ scenario: { tasks: { queued: '100ms', running: '300ms' } } });
  const client = fileURLToPath(new URL('reference/make-video.ts', import.meta.url));

  const ran = await runMock(
    ...['run', 'lost-create', '--upstream', upstream.url, '--upstream-ca', upstream.caFile],
    ...['--', process.execPath, client, 'hardened'],
  );

  expect(ran.stdout).toContain('pass: 2 passed, 0 failed, 0 inconclusive');
  expect(ran.exitCode).toBe(0);
  expect(upstream.tasks.all()).toHaveLength(1);
});

test('what was known of tasks is forgotten when the scenario starts over', async () => {
  await using upstream = await startUpstream();
  await using proxy = await startProxy(upstream);
  await using client = await openClient(proxy);
  const id = await createTask(client);

  const { body } = await callAdmin(proxy, 'POST /reset');
  await upstream.clock.advance(10_000);
  await client.get(`${TASKS}/${id}`);

  const { seq } = body as { readonly seq: number };
  expect(proxy.journal.events(undefined, seq).map(({ type }) => type)).toEqual(['request.received', 'response.sent']);
});

test('a lane behind an upstream is judged by itself', async () => {
  await using upstream = await startUpstream();
  await using proxy = await startProxy(upstream);
  await using lane = await proxy.openLane({ id: 'a', scenario: { profile: 'dual-stack' } });
  await using client = await openClient(lane);

  const id = await createTask(client);

  expect(upstream.tasks.all().map((task) => task.id)).toEqual([id]);
  expect(lane.journal.events('task.created')).toMatchObject([{ task: id }]);
  expect(proxy.journal.events('task.created')).toEqual([]);
});
