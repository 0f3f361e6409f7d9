import { expect, test } from 'vitest';
import { openClient } from '../../client-tests/typescript/support/client.ts';
import { TASKS } from '../../client-tests/typescript/support/tasks.ts';
import { startMockServer } from '../mock-server.ts';

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly body: Record<string, unknown>;
}

/** Calls the admin API as a script would. */
async function call(adminUrl: string, path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(`${adminUrl}${path}`, init);
  const text = await response.text();
  const type = response.headers.get('content-type');
  return { status: response.status, type, body: type?.includes('json') ? JSON.parse(text) : { text } };
}

test('health, CA and metrics are there once the server is ready', async () => {
  await using server = await startMockServer();

  expect(await call(server.adminUrl, '/health/live')).toMatchObject({ status: 200, body: { status: 'live' } });
  expect(await call(server.adminUrl, '/health/ready')).toMatchObject({ status: 200, body: { status: 'ready' } });
  expect((await call(server.adminUrl, '/ca.pem')).body.text).toBe(server.ca);
  expect((await call(server.adminUrl, '/metrics')).body.text).toContain('seedance_mock_connections 0');
});

test('GET /clients says how many requests of each client came on a connection that had had one', async () => {
  await using server = await startMockServer();
  await using first = await openClient(server);
  await using second = await openClient(server);
  await first.get(TASKS, { authorization: 'Bearer frugal' });
  await first.get(TASKS, { authorization: 'Bearer frugal' });
  await first.get(TASKS, { authorization: 'Bearer frugal' });
  await second.get(TASKS, { authorization: 'Bearer frugal' });
  await second.get(TASKS, { authorization: 'Bearer late' });

  expect((await call(server.adminUrl, '/clients')).body).toEqual({
    clients: [
      { client: expect.stringMatching(/^key-/), connections: 2, requests: 4, reused: 2, ratio: 0.5 },
      { client: expect.stringMatching(/^key-/), connections: 1, requests: 1, reused: 1, ratio: 1 },
    ],
  });
});

test('PUT /scenario takes YAML or JSON into force at once, and tasks stay', async () => {
  await using server = await startMockServer({ clock: 'manual' });

  const yaml = 'name: stuck\nfaults: [{ name: stuck, on: task, inject: [{ stick: { in: queued } }] }]';
  expect(await call(server.adminUrl, '/scenario', { method: 'PUT', body: yaml })).toMatchObject({
    status: 200,
    body: { name: 'stuck', faults: [{ name: 'stuck', on: 'task', matched: 0, struck: 0 }] },
  });
  const json = JSON.stringify({ name: 'calm', profile: 'permissive' });
  await call(server.adminUrl, '/scenario', { method: 'PUT', body: json });

  expect(server.lane.service.idle).toBeUndefined();
  expect((await call(server.adminUrl, '/scenario')).body).toMatchObject({
    name: 'calm',
    seed: server.seed,
    source: json,
  });
});

test('a scenario with mistakes is refused with all of them, and the old one stays in force', async () => {
  await using server = await startMockServer({ scenario: 'name: old' });

  const refused = await call(server.adminUrl, '/scenario', { method: 'PUT', body: 'nmae: new\nprofile: fast\n' });

  expect(refused).toMatchObject({
    status: 422,
    type: expect.stringContaining('application/problem+json'),
    body: {
      status: 422,
      problems: [
        { code: 'UNKNOWN_KEY', at: { line: 1, column: 1 }, hint: 'Did you mean "name"?' },
        { code: 'INVALID_VALUE', at: { line: 2, column: 10 } },
      ],
    },
  });
  expect(server.lane.scenario.name).toBe('old');
});

test('bundled scenarios are listed and activated by name, never by path', async () => {
  await using server = await startMockServer();

  const { scenarios } = (await call(server.adminUrl, '/scenarios')).body as { scenarios: { name: string }[] };
  expect(scenarios.map(({ name }) => name)).toContain('idle-reset');
  await call(server.adminUrl, '/scenarios/idle-reset/activate', { method: 'POST' });
  expect(server.lane.scenario.name).toBe('idle-reset');

  const path = encodeURIComponent('../package.json');
  expect(await call(server.adminUrl, `/scenarios/${path}/activate`, { method: 'POST' })).toMatchObject({
    status: 404,
    body: { problems: [{ code: 'ADMIN_NOT_FOUND' }] },
  });
});

test('the journal is read in pages, by type and from a sequence number', async () => {
  await using server = await startMockServer();
  await call(server.adminUrl, '/scenario', { method: 'PUT', body: 'name: two' });
  await call(server.adminUrl, '/scenario', { method: 'PUT', body: 'name: three' });

  const first = await call(server.adminUrl, '/events?type=scenario.loaded&limit=2');
  expect(first.body).toMatchObject({ events: [{ name: 'inline' }, { name: 'two' }], next: 2, dropped: 0, missed: 0 });
  const rest = await call(server.adminUrl, '/events?type=scenario.loaded&since=2');
  expect(rest.body).toMatchObject({ events: [{ name: 'three', seq: 3 }], next: 3 });
  expect(await call(server.adminUrl, '/events?limit=0')).toMatchObject({ status: 400 });
});

test('POST /reset forgets the tasks and starts the scenario over', async () => {
  await using server = await startMockServer({
    scenario: { faults: [{ name: 'first', on: 'request', when: { first: 1 }, inject: [{ status: { code: 500 } }] }] },
  });
  server.lane.strike('request', { path: '/' }, { plan: { delayBeforeMs: 0, delayAfterMs: 0 }, stage: 'request' });
  expect((await call(server.adminUrl, '/faults')).body).toMatchObject({ faults: [{ struck: 1 }] });

  expect(await call(server.adminUrl, '/reset', { method: 'POST' })).toMatchObject({ status: 200 });

  expect((await call(server.adminUrl, '/faults')).body).toMatchObject({ faults: [{ struck: 0 }] });
  expect((await call(server.adminUrl, '/tasks')).body).toMatchObject({
    summary: { total: 0, successRate: null },
    tasks: [],
  });
});

test('the clock is stopped, moved and hurried from outside', async () => {
  await using server = await startMockServer();

  const refused = await call(server.adminUrl, '/clock/advance', { method: 'POST', body: '{"by":"8s"}' });
  expect(refused).toMatchObject({ status: 400, body: { problems: [{ code: 'ADMIN_BAD_REQUEST' }] } });

  const stopped = await call(server.adminUrl, '/clock', { method: 'POST', body: '{"mode":"manual"}' });
  for (const [by, words] of [
    ['"8"', 'write a number and its unit, in quotes'],
    ['8000', 'write a number and its unit, in quotes'],
    ['"99h"', 'write 72h or less'],
  ]) {
    const odd = await call(server.adminUrl, '/clock/advance', { method: 'POST', body: `{"by":${by}}` });
    expect(odd).toMatchObject({ status: 400, body: { title: expect.stringContaining(`\`by\`: ${words}`) } });
  }
  const moved = await call(server.adminUrl, '/clock/advance', { method: 'POST', body: '{"by":"8s"}' });
  expect(Number(moved.body.now) - Number(stopped.body.now)).toBe(8_000);
  expect((await call(server.adminUrl, '/clock', { method: 'POST', body: '{"speed":20}' })).body).toMatchObject({
    mode: 'real',
    speed: 20,
  });
});

test('with a token the admin API is closed, but for health and the CA', async () => {
  await using server = await startMockServer({ adminToken: 'secret' });

  expect(await call(server.adminUrl, '/scenario')).toMatchObject({
    status: 401,
    body: { problems: [{ code: 'ADMIN_UNAUTHORIZED' }] },
  });
  expect(await call(server.adminUrl, '/health/ready')).toMatchObject({ status: 200 });
  const headers = { authorization: 'Bearer secret' };
  expect(await call(server.adminUrl, '/scenario', { headers })).toMatchObject({ status: 200 });
});

test('what does not exist or cannot be read is a problem document', async () => {
  await using server = await startMockServer();

  expect(await call(server.adminUrl, '/nowhere')).toMatchObject({
    status: 404,
    body: { problems: [{ code: 'ADMIN_NOT_FOUND' }] },
  });
  expect(await call(server.adminUrl, '/connections/7')).toMatchObject({ status: 404 });
  expect(
    await call(server.adminUrl, '/tasks/cgt-x/transition', { method: 'POST', body: '{"to":"running"}' }),
  ).toMatchObject({ status: 404 });
  expect(await call(server.adminUrl, '/clock', { method: 'POST', body: 'speed' })).toMatchObject({ status: 400 });
  expect(server.journal.events('bug')).toEqual([]);
});
