import { expect, test } from 'vitest';
import { type ScenarioInput, startMockServer } from '../../server/index.ts';
import { openClient } from './support/client.ts';
import { openRawSocket } from './support/sockets.ts';
import { TASKS } from './support/tasks.ts';

type FaultInput = NonNullable<ScenarioInput['faults']>[number];
const start = (fault: FaultInput) => startMockServer({ clock: 'manual', scenario: { faults: [fault] } });

test('`reset` ends a connection before its first byte', async () => {
  await using server = await start({ name: 'down', on: 'accept', when: { first: 1 }, inject: ['reset'] });
  await using socket = await openRawSocket(server);
  expect(await socket.ended()).toBe('reset');
  expect(socket.bytesRead).toBe(0);
  expect(server.journal.events('connection.ended')).toMatchObject([{ by: 'fault', how: 'reset', cause: 'down' }]);

  await using client = await openClient(server);
  expect(await client.get(TASKS)).toMatchObject({ status: 200 });
});

test('`hang` never says a word, and no rule puts an end to it', async () => {
  await using server = await start({ name: 'void', on: 'accept', when: { first: 1 }, inject: ['hang'] });
  await using socket = await openRawSocket(server);
  await socket.write('anything');
  await server.journal.waitFor('fault.injected');

  await server.clock.advance(60_000);
  expect(socket).toMatchObject({ end: 'open', bytesRead: 0 });

  await using client = await openClient(server);
  expect(await client.get(TASKS)).toMatchObject({ status: 200 });
});

test('`limit` turns away the connection above it, until one of those below is gone', async () => {
  await using server = await start({ name: 'full', on: 'accept', inject: [{ limit: { max: 2 } }] });
  await using first = await openClient(server);
  await using second = await openClient(server);
  await using third = await openRawSocket(server);
  expect(await third.ended()).toBe('reset');
  expect(await first.get(TASKS)).toMatchObject({ status: 200 });

  await second.close();
  await server.journal.waitFor('connection.ended', ({ connection }) => connection === 2);
  await using fourth = await openClient(server);
  expect(await fourth.get(TASKS)).toMatchObject({ status: 200 });
  expect(server.journal.events('fault.injected')).toMatchObject([{ fault: 'full', connection: 3 }]);
});

test('`limit` can leave the connection above it hanging', async () => {
  await using server = await start({ name: 'full', on: 'accept', inject: [{ limit: { max: 1, overflow: 'hang' } }] });
  await using first = await openClient(server);
  await using second = await openRawSocket(server);
  await second.write('anything');
  await server.journal.waitFor('fault.injected', ({ connection }) => connection === 2);

  await server.clock.advance(7_000);
  expect(second).toMatchObject({ end: 'open', bytesRead: 0 });
  expect(await first.get(TASKS)).toMatchObject({ status: 200 });
});
