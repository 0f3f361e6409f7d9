import { expect, test } from 'vitest';
import { type ScenarioInput, startMockServer } from '../../server/index.ts';
import { type Client, openClient } from './support/client.ts';
import { createTask, getTask } from './support/tasks.ts';

type FaultInput = NonNullable<ScenarioInput['faults']>[number];

const start = (...faults: readonly FaultInput[]) =>
  startMockServer({
    clock: 'manual',
    profile: 'permissive',
    scenario: { tasks: { queued: '1s', running: '4s' }, faults },
  });

const create = (client: Client, text = 'A lighthouse at dusk.') =>
  createTask(client, { content: [{ type: 'text', text }] });
const get = getTask;

test('without a fault a task goes its way in lane time', async () => {
  await using server = await start();
  await using client = await openClient(server);
  const id = await create(client);
  expect(await get(client, id)).toMatchObject({ id, status: 'queued' });
  await server.clock.advance(1_000);
  expect(await get(client, id)).toMatchObject({ status: 'running' });
  await server.clock.advance(4_000);
  expect(await get(client, id)).toMatchObject({ status: 'succeeded', content: { video_url: expect.any(String) } });
  expect(server.journal.events('task.changed')).toMatchObject([
    { task: id, from: 'queued', to: 'running' },
    { task: id, from: 'running', to: 'succeeded' },
  ]);
});

test('`fail` lets a task run and then fail, and every call about it is a 200', async () => {
  await using server = await start({ name: 'broken', on: 'task', when: { nth: 2 }, inject: ['fail'] });
  await using client = await openClient(server);
  const ids = [await create(client), await create(client), await create(client)];
  await server.clock.advance(5_000);

  const tasks = await Promise.all(ids.map((id) => get(client, id)));
  expect(tasks.map(({ status }) => status)).toEqual(['succeeded', 'failed', 'succeeded']);
  expect(tasks[1]).toMatchObject({ error: { code: 'OutputVideoSensitiveContentDetected' } });
  expect(tasks[1]).not.toHaveProperty('content.video_url');
  expect(server.journal.events('fault.injected')).toMatchObject([{ hook: 'task', fault: 'broken', task: ids[1] }]);
});

test('`fail` takes the code and the message it is given', async () => {
  await using server = await start({
    name: 'broken',
    on: 'task',
    inject: [{ fail: { code: 'InternalServiceError', message: 'Out of paint.' } }],
  });
  await using client = await openClient(server);
  const id = await create(client);
  await server.clock.advance(5_000);
  expect(await get(client, id)).toMatchObject({
    status: 'failed',
    error: { code: 'InternalServiceError', message: expect.stringContaining('Out of paint.') },
  });
});

test.each(['queued', 'running'] as const)('`stick` leaves a task %s', async (state) => {
  await using server = await start({ name: 'stuck', on: 'task', inject: [{ stick: { in: state } }] });
  await using client = await openClient(server);
  const id = await create(client);
  await server.clock.advance(60_000);
  expect(await get(client, id)).toMatchObject({ id, status: state });
});

test('a match on the prompt and the model chooses the task', async () => {
  await using server = await start({
    name: 'censored',
    on: 'task',
    match: { prompt: '*forbidden*', model: 'doubao-seedance-2-0-*' },
    inject: ['fail'],
  });
  await using client = await openClient(server);
  const allowed = await create(client, 'A lighthouse.');
  const forbidden = await create(client, 'A forbidden lighthouse.');
  await server.clock.advance(5_000);
  expect(await get(client, allowed)).toMatchObject({ status: 'succeeded' });
  expect(await get(client, forbidden)).toMatchObject({ status: 'failed' });
});

test('the same seed lets the same tasks fail', async () => {
  const degraded = { name: 'degraded', on: 'task', when: { probability: 0.4 }, inject: ['fail'] } as const;
  const run = async (seed: number) => {
    await using server = await startMockServer({ seed, clock: 'manual', scenario: { faults: [degraded] } });
    await using client = await openClient(server);
    for (let task = 0; task < 20; task++) await create(client);
    return server.journal.events('fault.injected').map(({ ordinal }) => ordinal);
  };
  const failed = await run(7);
  expect(failed.length).toBeGreaterThan(0);
  expect(await run(7)).toEqual(failed);
  expect(await run(8)).not.toEqual(failed);
});
