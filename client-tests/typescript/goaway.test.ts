import { expect, test } from 'vitest';
import { startMockServer } from '../../server/index.ts';
import { openClient } from './support/client.ts';
import { openHttp1Client } from './support/http1.ts';
import { TASKS } from './support/tasks.ts';

const LIST = ['HEADERS 200', 'DATA 22', 'END_STREAM'];
/** RFC 9113, section 6.8: the highest stream there can be. */
const ALL = 2 ** 31 - 1;

const start = (on: 'session' | 'request' | 'response', goaway: object, when = {}) =>
  startMockServer({
    clock: 'manual',
    profile: 'dual-stack',
    scenario: { faults: [{ name: 'drain', on, when, inject: [{ goaway }] }] },
  });

test.each([
  ['request', ['GOAWAY NO_ERROR last=1', ...LIST, 'FIN']],
  ['response', ['GOAWAY NO_ERROR last=1', ...LIST, 'FIN']],
  ['session', ['GOAWAY NO_ERROR last=0', 'FIN']],
] as const)('GOAWAY on `%s` lets what was seen so far finish, then closes', async (on, transcript) => {
  await using server = await start(on, {});
  await using client = await openClient(server);
  if (on !== 'session') await client.get(TASKS);
  await client.closed;

  expect(client.transcript).toEqual(transcript);
  expect(server.journal.events('fault.injected')).toMatchObject([{ fault: 'drain', hook: on, connection: 1 }]);
  expect(await server.journal.waitFor('connection.ended')).toMatchObject({
    by: 'fault',
    how: 'goaway',
    cause: 'drain',
  });
});

test('GOAWAY lets the stream it names as last finish, and leaves those above it without an answer', async () => {
  await using server = await startMockServer({
    clock: 'manual',
    scenario: {
      faults: [
        { name: 'late', on: 'request', when: { nth: 1 }, inject: [{ delay: { ms: '1s' } }] },
        { name: 'drain', on: 'request', when: { nth: 2 }, inject: [{ goaway: { lastStreamId: 1 } }] },
      ],
    },
  });
  await using client = await openClient(server);
  const replies = [client.get(TASKS), client.get(TASKS)] as const;
  expect((await replies[1]).frames).toEqual([]);
  expect(client.transcript).toEqual(['GOAWAY NO_ERROR last=1']);

  await server.clock.waiting(1_000);
  await server.clock.advance(1_000);
  expect((await replies[0]).frames).toEqual(LIST);
  await client.closed;
  expect(client.transcript.at(-1)).toBe('FIN');
  expect(server.journal.events('response.sent')).toMatchObject([{ stream: 1 }]);
});

test('a graceful GOAWAY warns before it names the last stream', async () => {
  await using server = await start('request', { graceful: true });
  await using client = await openClient(server);
  await client.get(TASKS);
  await client.closed;
  expect(client.transcript).toEqual([`GOAWAY NO_ERROR last=${ALL}`, 'GOAWAY NO_ERROR last=1', ...LIST, 'FIN']);
});

test('GOAWAY carries the code it is given', async () => {
  await using server = await start('request', { code: 'ENHANCE_YOUR_CALM' });
  await using client = await openClient(server);
  await client.get(TASKS);
  expect(client.transcript[0]).toBe('GOAWAY ENHANCE_YOUR_CALM last=1');
});

test('GOAWAY strikes the third request, and the ones before it are served', async () => {
  await using server = await start('request', {}, { nth: 3 });
  await using client = await openClient(server);
  for (let call = 0; call < 3; call++) await client.get(TASKS);
  await client.closed;
  expect(client.transcript).toEqual([...LIST, ...LIST, 'GOAWAY NO_ERROR last=5', ...LIST, 'FIN']);
});

test('HTTP/1.1 has `connection: close` in the place of GOAWAY', async () => {
  await using server = await start('request', {});
  await using client = await openHttp1Client(server);
  const answer = await client.get(TASKS);
  expect(answer?.head).toMatch(/^connection: close$/im);
  expect(await client.socket.ended()).toBe('fin');
  client.socket.finish();
  expect(await server.journal.waitFor('connection.ended')).toMatchObject({ by: 'fault', how: 'fin', cause: 'drain' });
});

test('a GOAWAY on `session` can say that no stream was processed', async () => {
  await using server = await start('session', { lastStreamId: 0 });
  await using client = await openClient(server);
  await client.closed;
  expect(client.transcript).toEqual(['GOAWAY NO_ERROR last=0', 'FIN']);
});

test.each([
  ['session', 2, 'odd numbers'],
  ['request', 0, 'a stream has been seen'],
  ['response', 0, 'a stream has been seen'],
] as const)('on `%s` a last stream of %i is refused', async (on, lastStreamId, reason) => {
  await expect(start(on, { lastStreamId })).rejects.toThrow(reason);
});
