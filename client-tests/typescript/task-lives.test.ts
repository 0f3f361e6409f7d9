import { expect, test } from 'vitest';
import { type MockServer, startMockServer } from '../../server/index.ts';
import { type Client, openClient } from './support/client.ts';
import { Receiver, statusesOf } from './support/receiver.ts';
import { createTask, getTask, TASKS } from './support/tasks.ts';

const start = (scenario: string) => startMockServer({ scenario, profile: 'permissive', clock: 'manual' });

const statusOf = async (client: Client, id: string): Promise<string> => (await getTask(client, id)).status;
const changesOf = (server: MockServer, task: string) =>
  server.journal
    .events('task.changed')
    .flatMap((event) => (event.task === task ? [`${event.from} -> ${event.to}`] : []));

test('`slow`: the first task takes ten times as long', async () => {
  await using server = await start('slow-task');
  await using client = await openClient(server);
  const ids: string[] = [];
  for (let nth = 1; nth <= 4; nth++) ids.push(await createTask(client));
  const statuses = () => Promise.all(ids.map((id) => statusOf(client, id)));

  await server.clock.advance(5_000);
  expect(await statuses()).toEqual(['queued', 'succeeded', 'succeeded', 'succeeded']);
  await server.clock.advance(5_000);
  expect((await statuses())[0]).toBe('running');
  await server.clock.advance(39_999);
  expect((await statuses())[0]).toBe('running');
  await server.clock.advance(1);
  expect((await statuses())[0]).toBe('succeeded');
});

test('`expire`: a task stays queued past its expiry, and then is expired, without a word to its callback', async () => {
  await using server = await start('delayed-queue');
  await using client = await openClient(server);
  await using receiver = await Receiver.open();
  const id = await createTask(client, { execution_expires_after: 3_600, callback_url: receiver.url });
  await receiver.heard(1);

  await server.clock.advance(3_600_000);
  expect(await getTask(client, id)).toMatchObject({ status: 'queued', execution_expires_after: 3_600 });
  await server.clock.advance(3_599_999);
  expect(await statusOf(client, id)).toBe('queued');
  await server.clock.advance(1);
  expect(await statusOf(client, id)).toBe('expired');
  expect(changesOf(server, id)).toEqual(['queued -> expired']);
  expect(server.journal.events('callback.sent').map(({ status }) => status)).toEqual(['queued']);
  expect(statusesOf(receiver.received)).toEqual(['queued']);
});

test('`expire` at once: the first poll finds the task expired', async () => {
  await using server = await startMockServer({
    clock: 'manual',
    scenario: { faults: [{ name: 'gone', on: 'task', inject: [{ expire: { after: '0s' } }] }] },
  });
  await using client = await openClient(server);
  const id = await createTask(client);
  expect(await statusOf(client, id)).toBe('expired');
  expect(changesOf(server, id)).toEqual(['queued -> expired']);
});

test('`vanish`: a task is not found by Get, List and DELETE at first, and has gone on when it is', async () => {
  await using server = await start('vanished-task');
  await using client = await openClient(server);
  const id = await createTask(client);
  const listed = async () => JSON.parse((await client.get(TASKS)).text).total;

  await server.clock.advance(1_999);
  const early = await client.get(`${TASKS}/${id}`);
  expect(early).toMatchObject({ status: 404 });
  expect(JSON.parse(early.text)).toMatchObject({ error: { code: 'ResourceNotFound' } });
  expect(await client.delete(`${TASKS}/${id}`)).toMatchObject({ status: 404 });
  expect(await listed()).toBe(0);

  await server.clock.advance(1);
  expect(await statusOf(client, id)).toBe('running');
  expect(await listed()).toBe(1);
  expect(server.journal.events('fault.injected')).toMatchObject([{ task: id, did: 'hide the task for 2s' }]);
});

test('`regress`: once seen running, a task is seen queued; once seen succeeded, another is seen running', async () => {
  await using server = await start('regressing-task');
  await using client = await openClient(server);
  const ids = [await createTask(client), await createTask(client)];
  const seen: string[] = [];
  const look = async () => seen.push((await Promise.all(ids.map((id) => statusOf(client, id)))).join(' '));

  await look();
  await server.clock.advance(1_000);
  for (let poll = 0; poll < 3; poll++) await look();
  await server.clock.advance(4_000);
  for (let poll = 0; poll < 3; poll++) await look();

  expect(seen).toEqual([
    'queued queued',
    'running running',
    'queued running',
    'running running',
    'succeeded succeeded',
    'succeeded running',
    'succeeded succeeded',
  ]);
  expect(server.journal.events('task.regressed')).toMatchObject([
    { task: ids[0], from: 'running', to: 'queued' },
    { task: ids[1], from: 'succeeded', to: 'running' },
  ]);
  expect(changesOf(server, ids[0] ?? '')).toEqual(['queued -> running', 'running -> succeeded']);
});

test('what is seen running when it has succeeded has no result yet', async () => {
  await using server = await startMockServer({
    profile: 'permissive',
    clock: 'manual',
    scenario: { faults: [{ on: 'task', inject: [{ regress: { from: 'succeeded', times: 2 } }] }] },
  });
  await using client = await openClient(server);
  const id = await createTask(client);
  await server.clock.advance(5_000);
  const [now, before, again, after] = [1, 2, 3, 4].map(() => getTask(client, id));
  expect(await now).toHaveProperty('content.video_url');
  expect(await before).not.toHaveProperty('content');
  expect(await again).toMatchObject({ status: 'running' });
  expect(await after).toEqual(await now);
});

test.each(['connection', 'client'] as const)('tasks are counted per %s', async (per) => {
  await using server = await startMockServer({
    clock: 'manual',
    scenario: { faults: [{ name: 'second', on: 'task', when: { nth: 2, per }, inject: ['fail'] }] },
  });
  const keys = [{ authorization: 'Bearer a' }, { authorization: 'Bearer b' }];
  await using one = await openClient(server);
  await using other = await openClient(server);
  const ids: string[] = [];
  for (const nth of [0, 1])
    for (const [at, client] of [one, other].entries())
      ids[nth * 2 + at] = await createTask(client, {}, per === 'client' ? keys[at] : {});

  expect(server.journal.events('fault.injected')).toMatchObject([
    { task: ids[2], ordinal: 2, connection: 1 },
    { task: ids[3], ordinal: 2, connection: 2 },
  ]);
});
