import { expect, test } from 'vitest';
import { type MockServer, type ScenarioInput, startMockServer } from '../../server/index.ts';
import { loadScenario } from '../../server/scenario/load.ts';
import { type Client, openClient } from './support/client.ts';
import { TASKS, textOnly } from './support/tasks.ts';

const start = (limits: NonNullable<ScenarioInput['limits']>) =>
  startMockServer({ clock: 'manual', scenario: { service: { idle: 'off', heartbeat: 'off' }, limits } });

const errorOf = ({ status, text }: { status: number | undefined; text: string }) => ({
  status,
  ...(status === 200 ? {} : JSON.parse(text).error),
});

async function create(client: Client, fields: object = {}): Promise<string> {
  const { status, text } = await client.post(TASKS, { ...textOnly, ...fields });
  expect({ status, text }).toMatchObject({ status: 200 });
  return JSON.parse(text).id;
}

const statusesOf = ({ tasks }: MockServer, ids: readonly string[]) => ids.map((id) => tasks.get(id)?.status);

const times = <T>(count: number, run: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, run));

test('the plans are those of the reference', () => {
  const limitsOf = (name: string) => loadScenario(`limits: ${name}`).limits;
  const shared = {
    getPerSecond: 20,
    listPerSecond: 1,
    deletePerSecond: 20,
    fourK: { createPerMinute: 15, running: 1 },
  };
  expect(limitsOf('individual')).toMatchObject({ ...shared, createPerMinute: 180, running: 3 });
  expect(limitsOf('enterprise')).toMatchObject({ ...shared, createPerMinute: 600, running: 10 });
  expect(loadScenario('name: none').limits).toBeUndefined();
});

test('an individual account has 120 tasks in its queue at most, of all models', async () => {
  await using server = await startMockServer({ scenario: 'limits-individual', clock: 'manual' });
  await using client = await openClient(server);
  const answers = await times(121, () => client.post(TASKS, textOnly));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(120);
  const fast = { ...textOnly, model: 'doubao-seedance-2-0-fast-260128' };
  expect(errorOf(await client.post(TASKS, fast))).toMatchObject({ status: 429, code: 'QuotaExceeded' });
});

test('creates are counted by the minute, the account and the model, whatever its version', async () => {
  await using server = await start({ createPerMinute: 2 });
  await using client = await openClient(server);
  const other = { authorization: 'Bearer another' };
  const fast = { ...textOnly, model: 'doubao-seedance-2-0-fast-260128' };

  await create(client);
  await create(client, { model: 'ep-20260416234150-zsd4v' });
  expect(errorOf(await client.post(TASKS, textOnly))).toMatchObject({
    status: 429,
    code: 'ModelAccountRpmRateLimitExceeded',
    type: 'TooManyRequests',
    message: expect.stringContaining('of the account for the model doubao-seedance-2-0 has been exceeded'),
  });
  expect((await client.post(TASKS, fast)).status).toBe(200);
  expect((await client.post(TASKS, textOnly, other)).status).toBe(200);
  // A bad create is turned away for what it is.
  expect((await client.post(TASKS, { ...textOnly, duration: 99 })).status).toBe(400);

  await server.clock.advance(59_999);
  expect((await client.post(TASKS, textOnly)).status).toBe(429);
  await server.clock.advance(1);
  expect((await client.post(TASKS, textOnly)).status).toBe(200);
  expect(server.journal.events('limit.reached')).toMatchObject([
    { limit: 'createPerMinute', allowed: 2, account: expect.stringMatching(/^key-/) },
    { limit: 'createPerMinute', allowed: 2 },
  ]);
  expect(server.journal.events('task.created')).toHaveLength(5);
});

test('4k has a count of its own', async () => {
  await using server = await start({ createPerMinute: 10, fourK: { createPerMinute: 1 } });
  await using client = await openClient(server);
  await create(client, { resolution: '4k' });
  expect(errorOf(await client.post(TASKS, { ...textOnly, resolution: '4k' }))).toMatchObject({ status: 429 });
  await create(client);
});

test.each([
  ['getPerSecond', (client: Client, id: string) => client.get(`${TASKS}/${id}`)],
  ['listPerSecond', (client: Client) => client.get(TASKS)],
  ['deletePerSecond', (client: Client) => client.delete(`${TASKS}/cgt-unknown`)],
] as const)('%s counts by the second and the account', async (limit, ask) => {
  await using server = await start({ [limit]: 2 });
  await using client = await openClient(server);
  const id = await create(client);
  const statuses = async (count: number) => {
    const answers: (number | undefined)[] = [];
    for (let n = 0; n < count; n++) answers.push((await ask(client, id)).status);
    return answers.map((status) => status === 429);
  };
  expect(await statuses(3)).toEqual([false, false, true]);
  expect(errorOf(await ask(client, id))).toMatchObject({ code: 'APIAccountRpmRateLimitExceeded' });
  await server.clock.advance(1_000);
  expect(await statuses(1)).toEqual([false]);
});

test('an individual account runs three tasks of a model at once, and one at 4k; the others wait in `queued`', async () => {
  await using server = await startMockServer({ scenario: 'limits-individual', clock: 'manual' });
  await using client = await openClient(server);
  const ids: string[] = [];
  for (let n = 0; n < 4; n++) ids.push(await create(client));
  const large = [await create(client, { resolution: '4k' }), await create(client, { resolution: '4k' })];
  await server.clock.advance(1_000);
  expect(statusesOf(server, ids)).toEqual(['running', 'running', 'running', 'queued']);
  expect(statusesOf(server, large)).toEqual(['running', 'queued']);
  await server.clock.advance(4_000);
  expect(statusesOf(server, ids)).toEqual(['succeeded', 'succeeded', 'succeeded', 'running']);
  expect(statusesOf(server, large)).toEqual(['succeeded', 'running']);
});

test('by priority, and in the order of coming; a task that waits can be cancelled, and expires', async () => {
  await using server = await start({ running: 1 });
  await using client = await openClient(server);
  const first = await create(client);
  await server.clock.advance(1_000);
  const [low, high, given, late] = [
    await create(client),
    await create(client, { priority: 9 }),
    await create(client, { priority: 9 }),
    await create(client, { execution_expires_after: 5 }),
  ];
  await server.clock.advance(1_000);
  expect((await client.delete(`${TASKS}/${given}`)).text).toBe('{}');
  await server.clock.advance(4_000);
  expect(statusesOf(server, [first, high, low, given, late])).toEqual([
    'succeeded',
    'running',
    'queued',
    'cancelled',
    'expired',
  ]);
});

test('a full queue turns creates away, until one of its tasks is taken', async () => {
  await using server = await startMockServer({ scenario: 'full-queue', clock: 'manual' });
  await using client = await openClient(server);
  await create(client);
  await server.clock.advance(1_000);
  await create(client);
  await create(client);
  expect(errorOf(await client.post(TASKS, textOnly))).toMatchObject({
    status: 429,
    code: 'QuotaExceeded',
    message: expect.stringContaining('The number of tasks in the queued state'),
  });
  await server.clock.advance(4_000);
  await create(client);
});

test('limits that change hold at once, for tasks that wait too', async () => {
  await using server = await start({ running: 0, getPerSecond: 0 });
  await using client = await openClient(server);
  const id = await create(client);
  await server.clock.advance(1_000);
  expect((await client.get(`${TASKS}/${id}`)).status).toBe(429);
  await fetch(`${server.adminUrl}/scenario`, { method: 'PUT', body: 'limits: { running: 1 }' });
  expect(JSON.parse((await client.get(`${TASKS}/${id}`)).text)).toMatchObject({ status: 'running' });
});

test('a create that is refused for its draft does not count', async () => {
  await using server = await start({ createPerMinute: 1 });
  await using client = await openClient(server);
  const model = 'doubao-seedance-2-5-260628';
  const content = [{ type: 'draft_task', draft_task: { id: 'cgt-00000000000000-xxxxx' } }];
  expect((await client.post(TASKS, { model, content })).status).toBe(400);
  await create(client, { model });
});

test('a task that is moved by hand while it waits takes a place, and begins once', async () => {
  await using server = await start({ running: 1 });
  await using client = await openClient(server);
  const [first, moved, last] = [await create(client), await create(client), await create(client)];
  await server.clock.advance(1_000);
  await server.clock.advance(2_000);
  server.tasks.transition(moved, 'running');
  await server.clock.advance(2_000);
  expect(statusesOf(server, [first, moved, last])).toEqual(['succeeded', 'running', 'queued']);
  await server.clock.advance(2_000);
  expect(statusesOf(server, [moved, last])).toEqual(['succeeded', 'running']);
  expect(server.journal.events('task.changed').filter(({ task }) => task === moved)).toMatchObject([
    { from: 'queued', to: 'running' },
    { from: 'running', to: 'succeeded' },
  ]);
});

test('a task that its dispatcher drops leaves its place to the next', async () => {
  const dispatcher = { workers: 1, serviceTime: '4s', queueTimeout: '50ms' } as const;
  await using server = await startMockServer({
    clock: 'manual',
    scenario: {
      service: { idle: 'off', heartbeat: 'off' },
      limits: { running: 1 },
      faults: [{ on: 'task', inject: [{ dispatcher }] }],
    },
  });
  await using client = await openClient(server);
  const fast = { model: 'doubao-seedance-2-0-fast-260128' };
  const busy = await create(client);
  const dropped = await create(client, fast);
  await server.clock.advance(4_990);
  const next = await create(client, fast);
  await server.clock.advance(1_000);
  expect(statusesOf(server, [busy, dropped, next])).toEqual(['succeeded', 'queued', 'running']);
});

test('each refusal is told with the limit, the account, and how much of it was used', async () => {
  await using server = await start({ createPerMinute: 2, getPerSecond: 0, queued: 3, fourK: { createPerMinute: 0 } });
  await using client = await openClient(server);
  const id = await create(client);
  await create(client);
  await client.post(TASKS, textOnly);
  await client.post(TASKS, { ...textOnly, resolution: '4k' });
  await client.get(`${TASKS}/${id}`);
  await create(client, { model: 'doubao-seedance-2-0-fast-260128' });
  await client.post(TASKS, textOnly);
  const account = expect.stringMatching(/^key-/);
  const model = 'doubao-seedance-2-0';
  expect(server.journal.events('limit.reached')).toMatchObject([
    { limit: 'createPerMinute', account, model, used: 2, allowed: 2 },
    { limit: 'fourK.createPerMinute', account, model, used: 0, allowed: 0 },
    { limit: 'getPerSecond', account, used: 0, allowed: 0 },
    { limit: 'queued', account, used: 3, allowed: 3 },
  ]);
  expect(server.journal.events('fault.injected')).toEqual([]);
});

test('after a reset the counting starts anew', async () => {
  await using server = await start({ createPerMinute: 1 });
  await using client = await openClient(server);
  await create(client);
  expect((await client.post(TASKS, textOnly)).status).toBe(429);
  expect((await fetch(`${server.adminUrl}/reset`, { method: 'POST' })).ok).toBe(true);
  await create(client);
});

test('what is no limit is told with its place', async () => {
  const refused = await startMockServer({ scenario: 'limits: { gets: 1 }\n' }).catch((error: unknown) => error);
  expect(refused).toMatchObject({ problems: [{ code: 'UNKNOWN_KEY', at: { line: 1, column: 11 } }] });
});
