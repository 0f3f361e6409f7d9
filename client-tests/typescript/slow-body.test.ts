import { expect, test } from 'vitest';
import { startMockServer } from '../../server/index.ts';
import { openClient } from './support/client.ts';
import { openHttp1Client } from './support/http1.ts';
import { TASKS, textOnly } from './support/tasks.ts';

/** Ten bytes every 100 ms, of an answer that has 33. */
const startSlow = () =>
  startMockServer({
    clock: 'manual',
    profile: 'dual-stack',
    scenario: { faults: [{ name: 'crawl', on: 'request', inject: [{ 'slow-body': { bytesPerSecond: 100 } }] }] },
  });

test('HTTP/2: the headers are in time, the body comes at its pace', async () => {
  await using server = await startSlow();
  await using client = await openClient(server);
  const reply = client.post(TASKS, textOnly);
  for (const bytes of [10, 20, 30]) {
    await server.clock.waiting(100);
    expect(client.transcript).not.toContain(`DATA ${bytes}`);
    await server.clock.advance(100);
    await client.saw(`DATA ${bytes}`);
  }
  await server.clock.waiting(30);
  await server.clock.advance(30);
  expect((await reply).frames).toEqual(['HEADERS 200', 'DATA 33', 'END_STREAM']);
});

test('HTTP/1.1: the headers are in time, the body comes at its pace', async () => {
  await using server = await startSlow();
  await using client = await openHttp1Client(server);
  const reply = client.post(TASKS, textOnly);
  for (const bytes of [0, 10, 20]) {
    await server.clock.waiting(100);
    await client.socket.until(() => client.transcript.at(-1) === `DATA ${bytes} of 33`);
    await server.clock.advance(100);
  }
  await server.clock.waiting(30);
  await server.clock.advance(30);
  expect(await reply).toMatchObject({ status: 200, body: expect.stringMatching(/^\{"id":"cgt-.*"\}$/) });
});

test('a slow body keeps the connection from idling, and other streams at their own pace', async () => {
  await using server = await startMockServer({
    clock: 'manual',
    scenario: {
      faults: [
        { name: 'crawl', on: 'request', match: { method: 'POST' }, inject: [{ 'slow-body': { bytesPerSecond: 1 } }] },
      ],
    },
  });
  await using client = await openClient(server);
  void client.post(TASKS, textOnly);
  for (let second = 1; second <= 12; second++) {
    await server.clock.waiting(1_000);
    await server.clock.advance(1_000);
    await client.saw(`DATA ${second}`);
  }
  expect(await client.get(TASKS)).toMatchObject({ status: 200 });
  expect(server.journal.events('rule.applied')).toEqual([]);
});

test('a slow body can be cut on its way', async () => {
  await using server = await startMockServer({
    clock: 'manual',
    scenario: {
      faults: [
        {
          name: 'crawl and die',
          on: 'request',
          inject: [{ 'slow-body': { bytesPerSecond: 100 } }, { end: { at: { bodyBytes: 15 }, how: 'reset' } }],
        },
      ],
    },
  });
  await using client = await openClient(server);
  const reply = client.post(TASKS, textOnly);
  for (const ms of [100, 50]) {
    await server.clock.waiting(ms);
    await server.clock.advance(ms);
  }
  await reply;
  expect(client.transcript).toEqual(['HEADERS 200', 'DATA 15', 'RESET']);
});
