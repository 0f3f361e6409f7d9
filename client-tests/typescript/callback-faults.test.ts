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
