import avro from 'avsc';
import { expect, test } from 'vitest';
import { type ScenarioInput, startMockServer } from '../../server/index.ts';
import { callAdmin } from './support/admin.ts';
import { openClient } from './support/client.ts';
import { Receiver } from './support/receiver.ts';
import { createTask } from './support/tasks.ts';

const start = (scenario: ScenarioInput = {}) => startMockServer({ clock: 'manual', profile: 'permissive', scenario });

test('D2: the schema of callbacks can be fetched, and each of them fits it', async () => {
  await using server = await start();
  await using client = await openClient(server);
  await using receiver = await Receiver.open();
  const { body, type, status } = await callAdmin(server, 'GET /events/schema');
  expect([status, type]).toEqual([200, 'application/json; charset=utf-8']);
  const contract = avro.Type.forSchema(body as avro.schema.AvroSchema);
  expect(contract.name).toBe('seedance.events.TaskChanged');

  await createTask(client, { callback_url: receiver.url, return_last_frame: true });
  await receiver.heard(1);
  await server.clock.advance(5_000);
  const received = await receiver.heard(3);
  for (const { headers, body: event } of received) {
    const { body: named } = await callAdmin(server, `GET /events/schema/${headers['schema-version']}`);
    expect(named).toEqual(body);
    expect(contract.isValid(JSON.parse(event), { noUndeclaredFields: true })).toBe(true);
  }
});

test('an event goes through Avro and comes out the same', async () => {
  await using server = await start({ tasks: { outcome: 'failed' } });
  await using client = await openClient(server);
  await using receiver = await Receiver.open();
  const { body } = await callAdmin(server, 'GET /events/schema/1');
  const contract = avro.Type.forSchema(body as avro.schema.AvroSchema);
  await createTask(client, { callback_url: receiver.url });
  await receiver.heard(1);
  await server.clock.advance(5_000);
  const events = (await receiver.heard(3)).map(({ body: text }) => JSON.parse(text));

  const back = events.map((event) => JSON.parse(JSON.stringify(contract.fromBuffer(contract.toBuffer(event)))));
  const withoutNulls = back.map((event) =>
    Object.fromEntries(Object.entries(event).filter(([, value]) => value !== null)),
  );
  expect(withoutNulls).toEqual(events);
});

test('there is no schema of a version that there never was', async () => {
  await using server = await start();
  for (const version of ['2', '0', 'latest']) {
    expect(await callAdmin(server, `GET /events/schema/${version}`)).toMatchObject({
      status: 404,
      type: 'application/problem+json; charset=utf-8',
    });
  }
});

test('what a planned fault spoils afterwards breaks no contract of ours', async () => {
  await using server = await start({
    faults: [{ on: 'callback', inject: [{ corrupt: { bytes: 20 } }, 'wrong-task'] }],
  });
  await using client = await openClient(server);
  await using receiver = await Receiver.open();
  await createTask(client, { callback_url: receiver.url });
  const [received] = await receiver.heard(1);
  expect(() => JSON.parse(received?.body ?? '')).toThrow();
  expect(server.journal.events('bug')).toEqual([]);
});
