import { expect, test } from 'vitest';
import { type ScenarioInput, startMockServer } from '../../server/index.ts';
import { type Client, openClient } from './support/client.ts';
import { Receiver, statusesOf } from './support/receiver.ts';
import { TASKS, textOnly } from './support/tasks.ts';

type FaultInput = NonNullable<ScenarioInput['faults']>[number];

const start = (...faults: readonly FaultInput[]) =>
  startMockServer({
    clock: 'manual',
    profile: 'permissive',
    scenario: { tasks: { queued: '1s', running: '4s' }, faults },
  });

const create = async (client: Client, callback_url: string): Promise<string> =>
  JSON.parse((await client.post(TASKS, { ...textOnly, callback_url })).text).id;

test('`drop` loses the callback that it matches, and no other', async () => {
  await using server = await start({ name: 'lost', on: 'callback', match: { status: 'running' }, inject: ['drop'] });
  await using client = await openClient(server);
  await using receiver = await Receiver.open();
  const id = await create(client, receiver.url);
  await receiver.heard(1);
  await server.clock.advance(5_000);

  expect(statusesOf(await receiver.heard(2))).toEqual(['queued', 'succeeded']);
  expect(server.journal.events('fault.injected')).toMatchObject([
    { hook: 'callback', fault: 'lost', task: id, did: 'lose the callback' },
  ]);
  expect(server.journal.events('callback.sent').map(({ status }) => status)).toEqual(['queued', 'succeeded']);
});

test('`delay` lets later callbacks overtake', async () => {
  await using server = await start({
    name: 'late',
    on: 'callback',
    match: { status: 'running' },
    inject: [{ delay: { ms: '10s' } }],
  });
  await using client = await openClient(server);
  await using receiver = await Receiver.open();
  await create(client, receiver.url);
  await receiver.heard(1);
  await server.clock.advance(5_000);
  await receiver.heard(2);
  await server.clock.advance(5_999);
  expect(server.journal.events('callback.sent')).toHaveLength(2);
  await server.clock.advance(1);

  const received = await receiver.heard(3);
  expect(statusesOf(received)).toEqual(['queued', 'succeeded', 'running']);
  expect(received.map(({ headers }) => headers.version)).toEqual(['1', '3', '2']);
});

test('`duplicate` delivers the same again although it was acknowledged', async () => {
  await using server = await start({
    name: 'twice',
    on: 'callback',
    match: { status: 'queued' },
    inject: [{ duplicate: { times: 2 } }],
  });
  await using client = await openClient(server);
  await using receiver = await Receiver.open();
  const id = await create(client, receiver.url);

  const received = await receiver.heard(3);
  const key = ({ headers }: (typeof received)[number]) => [headers['biz-id'], headers['op-type'], headers.version];
  expect(received.map(key)).toEqual(Array(3).fill([id, 'task.queued', '1']));
  expect(new Set(received.map(({ body }) => body)).size).toBe(1);
  await server.journal.waitFor('callback.answered', ({ copy }) => copy === 3);
  expect(server.journal.events('callback.answered').map(({ copy, attempt }) => [copy, attempt])).toEqual([
    [undefined, 1],
    [2, 1],
    [3, 1],
  ]);
});

test('`delay` and `duplicate` compose', async () => {
  await using server = await start({
    name: 'late and twice',
    on: 'callback',
    match: { status: 'queued' },
    inject: [{ delay: { ms: 300 } }, 'duplicate'],
  });
  await using client = await openClient(server);
  await using receiver = await Receiver.open();
  await create(client, receiver.url);
  await server.clock.waiting(300);
  expect(server.journal.events('callback.sent')).toEqual([]);
  await server.clock.advance(300);
  expect(statusesOf(await receiver.heard(2))).toEqual(['queued', 'queued']);
});

test('`reorder` holds a callback back until the next one was answered', async () => {
  await using server = await start({
    name: 'overtaken',
    on: 'callback',
    match: { status: 'running' },
    inject: [{ reorder: { within: '1m' } }],
  });
  await using client = await openClient(server);
  await using receiver = await Receiver.open();
  await create(client, receiver.url);
  await receiver.heard(1);
  await server.clock.advance(4_999);
  expect(server.journal.events('callback.sent')).toHaveLength(1);
  await server.clock.advance(1);

  const received = await receiver.heard(3);
  expect(statusesOf(received)).toEqual(['queued', 'succeeded', 'running']);
  expect(received.map(({ headers }) => headers.version)).toEqual(['1', '3', '2']);
});

test('`reorder` on all of them tells a life from its end to its beginning', async () => {
  await using server = await start({ name: 'backwards', on: 'callback', inject: ['reorder'] });
  await using client = await openClient(server);
  await using receiver = await Receiver.open();
  await create(client, receiver.url);
  await server.clock.advance(5_000);

  expect(statusesOf(await receiver.heard(3))).toEqual(['succeeded', 'running', 'queued']);
  expect(server.journal.events('fault.injected')).toHaveLength(2);
});

test('what `reorder` holds back is sent in the end, also when no other one follows', async () => {
  await using server = await start({
    name: 'overtaken',
    on: 'callback',
    match: { status: 'queued' },
    inject: [{ reorder: { within: '10s' } }],
  });
  await using client = await openClient(server);
  await using receiver = await Receiver.open();
  server.tasks.remove(await create(client, receiver.url));
  await server.clock.advance(9_999);
  expect(server.journal.events('callback.sent')).toEqual([]);
  await server.clock.advance(1);

  expect(statusesOf(await receiver.heard(1))).toEqual(['queued']);
});

test('`wrong-task` names another task in the body, and the right one in the header', async () => {
  await using server = await start({
    name: 'mixed up',
    on: 'callback',
    match: { status: 'running' },
    inject: ['wrong-task'],
  });
  await using client = await openClient(server);
  await using receiver = await Receiver.open();
  await using other = await Receiver.open();
  const id = await create(client, receiver.url);
  const otherId = await create(client, other.url);
  await receiver.heard(1);
  await server.clock.advance(1_000);

  const [, running] = await receiver.heard(2);
  expect(running?.headers['biz-id']).toBe(id);
  expect(JSON.parse(running?.body ?? '')).toEqual({
    ...JSON.parse((await client.get(`${TASKS}/${id}`)).text),
    id: otherId,
  });
});

test('`corrupt` turns bits, in the same places for the same seed, and leaves Get alone', async () => {
  const run = async (seed: number) => {
    await using server = await startMockServer({
      seed,
      clock: 'manual',
      profile: 'permissive',
      scenario: { faults: [{ name: 'noise', on: 'callback', inject: [{ corrupt: { bytes: 3 } }] }] },
    });
    await using client = await openClient(server);
    await using receiver = await Receiver.open();
    const id = await create(client, receiver.url);
    const [received] = await receiver.heard(1);
    const right = [...Buffer.from((await client.get(`${TASKS}/${id}`)).text)];
    expect(received?.bytes.length).toBe(right.length);
    return right.flatMap((byte, index) => (byte === received?.bytes[index] ? [] : [index]));
  };
  const turned = await run(7);
  expect(turned).toHaveLength(3);
  expect(await run(7)).toEqual(turned);
  expect(await run(8)).not.toEqual(turned);
});

test('all of them compose: the wrong task, in broken bytes, late, twice, and after what came later', async () => {
  await using server = await start({
    name: 'everything',
    on: 'callback',
    match: { status: 'running' },
    inject: ['wrong-task', 'corrupt', { delay: { ms: 300 } }, 'duplicate', 'reorder'],
  });
  await using client = await openClient(server);
  await using receiver = await Receiver.open();
  const id = await create(client, receiver.url);
  await receiver.heard(1);
  await server.clock.advance(5_000);

  const [, end, ...late] = await receiver.heard(4);
  expect(end?.headers['op-type']).toBe('task.succeeded');
  expect(late.map(({ headers }) => [headers['biz-id'], headers['op-type']])).toEqual(
    Array(2).fill([id, 'task.running']),
  );
  expect(late[0]?.bytes.equals(late[1]?.bytes ?? Buffer.alloc(0))).toBe(true);
  expect(late[0]?.body).not.toContain(id);
  expect(server.journal.events('fault.injected')).toHaveLength(5);
});

test('row B3: a task of the delayed queue expires, and nobody is told', async () => {
  await using server = await startMockServer({ clock: 'manual', profile: 'permissive', scenario: 'delayed-queue' });
  await using client = await openClient(server);
  await using receiver = await Receiver.open();
  const { text } = await client.post(TASKS, {
    ...textOnly,
    execution_expires_after: 3_600,
    callback_url: receiver.url,
  });
  await receiver.heard(1);
  await server.clock.advance(2 * 3_600_000);

  expect(server.tasks.get(JSON.parse(text).id)?.status).toBe('expired');
  expect(server.journal.events('callback.sent').map(({ status }) => status)).toEqual(['queued']);
});
