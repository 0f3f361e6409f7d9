import { expect, test } from 'vitest';
import { type ScenarioInput, startMockServer } from '../../server/index.ts';
import { parseDuration } from '../../server/scenario/duration.ts';
import { openClient } from './support/client.ts';
import { openHttp1Client } from './support/http1.ts';
import { TASKS, textOnly } from './support/tasks.ts';

type FaultInput = NonNullable<ScenarioInput['faults']>[number];

const start = (...faults: readonly FaultInput[]) =>
  startMockServer({ clock: 'manual', profile: 'dual-stack', scenario: { service: { idle: 'off' }, faults } });

const clients = [
  ['HTTP/2', openClient],
  ['HTTP/1.1', openHttp1Client],
] as const;

test.each(clients)('%s: a delay on `request` comes before the work', async (_protocol, open) => {
  await using server = await start({ name: 'late', on: 'request', inject: [{ delay: { ms: 5_000 } }] });
  await using client = await open(server);
  const reply = client.post(TASKS, textOnly);
  await server.clock.waiting(5_000);

  await server.clock.advance(4_999);
  expect(server.journal.events('task.created')).toEqual([]);
  await server.clock.advance(1);
  expect(await reply).toMatchObject({ status: 200 });
  expect(server.journal.events('task.created')).toHaveLength(1);
});

test.each(clients)('%s: a delay on `response` comes after the work', async (_protocol, open) => {
  await using server = await start({ name: 'late', on: 'response', inject: [{ delay: { ms: '5s' } }] });
  await using client = await open(server);
  const reply = client.post(TASKS, textOnly);
  await server.clock.waiting(5_000);
  expect(server.journal.events('task.created')).toHaveLength(1);

  await server.clock.advance(4_999);
  expect(client.transcript).toEqual([]);
  await server.clock.advance(1);
  expect(await reply).toMatchObject({ status: 200 });
});

test('delays of one request add up', async () => {
  await using server = await start(
    { name: 'late', on: 'request', inject: [{ delay: { ms: 1_000 } }, { delay: { ms: 500 } }] },
    { name: 'later', on: 'request', inject: [{ delay: { ms: 250 } }] },
  );
  await using client = await openClient(server);
  const reply = client.get(TASKS);
  await server.clock.waiting(1_750);
  await server.clock.advance(1_750);
  expect(await reply).toMatchObject({ status: 200 });
});

test.each(clients)(
  '%s: what is drawn follows from seed and ordinal, whatever comes in between',
  async (_name, open) => {
    const waits = async (seed: number, between: number) => {
      const draw = { delay: { 'log-normal': { median: '2s', sigma: 0.5 } } };
      await using server = await startMockServer({
        seed,
        clock: 'manual',
        profile: 'permissive',
        scenario: { faults: [{ name: 'drawn', on: 'request', match: { method: 'POST' }, inject: [draw] }] },
      });
      await using client = await open(server);
      for (let task = 0; task < 3; task++) {
        const reply = client.post(TASKS, textOnly);
        const { did } = await server.journal.waitFor('fault.injected', ({ ordinal }) => ordinal === task + 1);
        const ms = parseDuration(did.replace('wait ', '')) ?? Number.NaN;
        await server.clock.waiting(ms);
        await server.clock.advance(ms - 1);
        expect(server.journal.events('task.created')).toHaveLength(task);
        await server.clock.advance(1);
        expect(await reply).toMatchObject({ status: 200 });
        for (let other = 0; other < between; other++) await client.get(TASKS);
      }
      return server.journal.events('fault.injected').map(({ did }) => did);
    };
    const waited = await waits(7, 0);
    expect(new Set(waited).size).toBe(3);
    expect(await waits(7, 2)).toEqual(waited);
    expect(await waits(8, 0)).not.toEqual(waited);
  },
);

test('a client that leaves during a delay leaves no task behind', async () => {
  await using server = await start({ name: 'late', on: 'request', inject: [{ delay: { ms: '5s' } }] });
  await using client = await openClient(server);
  void client.post(TASKS, textOnly);
  await server.clock.waiting(5_000);
  await client.reset();
  await server.journal.waitFor('connection.ended');

  await server.clock.advance(5_000);
  expect(server.journal.events('task.created')).toEqual([]);
  expect(server.journal.events('bug')).toEqual([]);
});

test.each(clients)('%s: a status on `request` stands in place of the work', async (_protocol, open) => {
  await using server = await start({
    name: 'busy',
    on: 'request',
    inject: [{ status: { code: 429, error: 'QuotaExceeded', retryAfter: 7, headers: { 'X-Why': 'test' } } }],
  });
  await using client = await open(server);
  expect(await client.post(TASKS, textOnly)).toMatchObject({ status: 429 });
  expect(server.journal.events('task.created')).toEqual([]);
  expect(server.journal.events('response.sent')).toMatchObject([{ status: 429, method: 'POST' }]);
});

test.each(clients)('%s: a status on `response` replaces the answer to work that was done', async (_protocol, open) => {
  await using server = await start({ name: 'broken', on: 'response', inject: [{ status: { code: 502 } }] });
  await using client = await open(server);
  expect(await client.post(TASKS, textOnly)).toMatchObject({ status: 502 });
  expect(server.journal.events('task.created')).toHaveLength(1);
});

test.each([
  [20, 30, '2'],
  [20, 40, '2'],
  [20, 0, '0'],
  [0.5, 3, '6'],
  ['manual', 30, '30'],
  [20, 'Sun, 06 Nov 1994 08:49:37 GMT', 'Sun, 06 Nov 1994 08:49:37 GMT'],
] as const)('on a clock %j, Retry-After %j of the lane is %j of the client', async (clock, retryAfter, told) => {
  await using server = await startMockServer({
    clock,
    scenario: { faults: [{ name: 'busy', on: 'request', inject: [{ status: { code: 429, retryAfter } }] }] },
  });
  await using client = await openClient(server);
  expect((await client.get(TASKS)).headers['retry-after']).toBe(told);
});

test.each([
  ['3', 3_000],
  ['Sun, 06 Nov 1994 08:49:37 GMT', 0],
  ['Sunday, 06-Nov-94 08:49:37 GMT', 0],
  ['Sun Nov  6 08:49:37 1994', 0],
  ['1.5', undefined],
  ['-1', undefined],
  ['2001', 2_001_000],
  ['soon', undefined],
] as const)('Retry-After %j asks for %j ms, by the grammar of RFC 9110', async (value, ms) => {
  await using server = await startMockServer({
    clock: 'manual',
    scenario: { faults: [{ on: 'request', inject: [{ status: { code: 429, headers: { 'retry-after': value } } }] }] },
  });
  await using client = await openClient(server);
  await client.get(TASKS);
  const { retryAfterMs, retryAfterUnreadable } = await server.journal.waitFor('response.sent');
  expect([retryAfterMs, retryAfterUnreadable]).toEqual([ms, ms === undefined ? value : undefined]);
});

test('a planned status looks like one of the service', async () => {
  await using server = await start({
    name: 'busy',
    on: 'request',
    inject: [{ status: { code: 429, error: 'QuotaExceeded', retryAfter: 7, headers: { 'X-Why': 'test' } } }],
  });
  await using client = await openClient(server);
  const { headers, text } = await client.get(TASKS, { 'x-client-request-id': 'mine' });
  expect(headers).toMatchObject({
    'retry-after': '7',
    'x-why': 'test',
    'x-client-request-id': 'mine',
    'content-type': 'application/json; charset=utf-8',
  });
  expect(JSON.parse(text)).toMatchObject({
    error: {
      code: 'QuotaExceeded',
      type: 'TooManyRequests',
      message: expect.stringContaining(`${headers['x-request-id']}`),
    },
  });
});

test.each([204, 205, 304])('a planned %i has no body, as HTTP has it', async (code) => {
  await using server = await start({ name: 'nothing', on: 'response', inject: [{ status: { code } }] });
  await using client = await openClient(server);
  const { frames, headers } = await client.get(TASKS);
  expect(frames).toEqual([`HEADERS ${code}`, 'END_STREAM']);
  expect(headers).not.toHaveProperty('content-type');
  await using client1 = await openHttp1Client(server);
  await client1.get(TASKS);
  await client1.get(TASKS);
  expect(client1.transcript).toEqual([`HEADERS ${code}`, 'DATA 0 of 0', `HEADERS ${code}`, 'DATA 0 of 0']);
});

test.each(clients)('%s: delay, status and end in one rule are carried out together', async (_protocol, open) => {
  await using server = await start({
    name: 'outage',
    on: 'request',
    inject: [
      { delay: { ms: 200 } },
      { status: { code: 503, retryAfter: 1 } },
      { end: { at: { bodyBytes: 10 }, how: 'reset' } },
    ],
  });
  await using client = await open(server);
  const reply = client.post(TASKS, textOnly);
  await server.clock.waiting(200);
  await server.clock.advance(200);
  await reply;

  expect(client.transcript).toEqual(['HEADERS 503', expect.stringMatching(/^DATA 10( of \d+)?$/), 'RESET']);
  expect(server.journal.events('task.created')).toEqual([]);
  expect(server.journal.events('fault.injected').map(({ fault, did }) => `${fault}: ${did}`)).toEqual([
    'outage: wait 200ms',
    'outage: answer 503 with Retry-After 1',
    'outage: reset the connection after 10 bytes of the body',
  ]);
});

test('a fault on `request` and one on `response` meet in one answer', async () => {
  await using server = await start(
    { name: 'late', on: 'request', inject: [{ delay: { ms: 100 } }] },
    {
      name: 'broken',
      on: 'response',
      match: { status: 200 },
      inject: [{ delay: { ms: 300 } }, { status: { code: 500 } }],
    },
  );
  await using client = await openClient(server);
  const reply = client.post(TASKS, textOnly);
  await server.clock.waiting(100);
  await server.clock.advance(100);
  await server.clock.waiting(300);
  expect(server.journal.events('task.created')).toHaveLength(1);
  await server.clock.advance(300);
  expect(await reply).toMatchObject({ status: 500 });
});
