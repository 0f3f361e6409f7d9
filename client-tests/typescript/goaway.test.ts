import { expect, test } from 'vitest';
import { type ErrorCode, errorCodes } from '../../server/faults/error-codes.ts';
import { frameTypes } from '../../server/faults/frame-types.ts';
import { startMockServer } from '../../server/index.ts';
import { encodeFrame } from '../../server/wire/frames.ts';
import { openClient } from './support/client.ts';
import { openHttp1Client } from './support/http1.ts';
import { encodeFields, openRawHttp2 } from './support/raw-http2.ts';
import { TASKS } from './support/tasks.ts';

const LIST = ['HEADERS 200', 'DATA 22', 'END_STREAM'];
/** RFC 9113, section 6.8: the highest stream there can be. */
const ALL = 2 ** 31 - 1;

const PING = 0x6;
const GOAWAY = 0x7;

const readGoaway = ({ payload }: { readonly payload: Uint8Array }) => {
  const bytes = Buffer.from(payload);
  return { last: bytes.readUInt32BE(0), code: bytes.readUInt32BE(4) };
};

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

test('a graceful GOAWAY warns, and names the last stream a round trip later', async () => {
  await using server = await start('session', { graceful: true });
  await using client = await openRawHttp2(server);
  await client.request(1, 'GET', TASKS);
  await client.saw('DATA 22 on 1');
  expect(client.frames.filter(({ type }) => type === GOAWAY).map(readGoaway)).toEqual([{ last: ALL, code: 0 }]);

  // What was on its way when the warning came is admitted.
  const ping = client.frames.find(({ type, flags }) => type === PING && flags === 0);
  await client.request(3, 'GET', TASKS);
  await client.send('PING', { flags: 1, payload: ping?.payload ?? Buffer.alloc(0) });
  await client.saw('GOAWAY', 2);
  expect(client.frames.filter(({ type }) => type === GOAWAY).map(readGoaway)).toEqual([
    { last: ALL, code: 0 },
    { last: 3, code: 0 },
  ]);
  await client.saw('DATA 22 on 3');
  expect(await client.socket.ended()).toBe('fin');
});

test('a graceful GOAWAY waits no longer than a second for the answer to its PING', async () => {
  await using server = await start('session', { graceful: true });
  await using client = await openRawHttp2(server);
  await client.saw('GOAWAY');
  await server.clock.waiting(1_000);
  await server.clock.advance(1_000);
  await client.saw('GOAWAY', 2);
  expect(await client.socket.ended()).toBe('fin');
});

test('a connection that is being drained gracefully is warned once', async () => {
  await using server = await start('request', { graceful: true });
  await using client = await openRawHttp2(server);
  for (const stream of [1, 3]) await client.request(stream, 'GET', TASKS);
  await client.saw('DATA 22 on 3');
  const ping = client.frames.find(({ type, flags }) => type === PING && flags === 0);
  await client.send('PING', { flags: 1, payload: ping?.payload ?? Buffer.alloc(0) });
  await client.socket.ended();
  // A last stream that is higher than the one before is a breach.
  expect(client.frames.filter(({ type }) => type === GOAWAY).map(readGoaway)).toEqual([
    { last: ALL, code: 0 },
    { last: 3, code: 0 },
  ]);
});

test('a stream above the last one is not processed, though it came before the GOAWAY was sent', async () => {
  await using server = await start('request', {});
  await using client = await openRawHttp2(server);
  const fields = { ':method': 'GET', ':scheme': 'https', ':path': TASKS, ':authority': 'localhost' };
  const payload = encodeFields({ ...fields, authorization: 'Bearer x' });
  const headers = [1, 3].map((stream) => encodeFrame({ type: frameTypes.HEADERS, flags: 0x5, stream, payload }));
  await client.socket.write(Buffer.concat(headers));
  await client.socket.ended();
  expect(client.frames.filter(({ type }) => type === GOAWAY).map(readGoaway)).toEqual([{ last: 1, code: 0 }]);
  expect(client.transcript).not.toContain('DATA 22 on 3');
  expect(server.journal.events('request.received')).toMatchObject([{ stream: 1 }]);
  expect(server.journal.events('goaway.sent')).toMatchObject([{ lastStreamId: 1 }]);
});

test('node:http2 lives through a graceful GOAWAY', async () => {
  await using server = await start('request', { graceful: true });
  await using client = await openClient(server);
  expect((await client.get(TASKS)).frames).toEqual(LIST);
  await client.closed;
  const goaways = client.transcript.filter((seen) => seen.startsWith('GOAWAY'));
  expect(goaways).toEqual([`GOAWAY NO_ERROR last=${ALL}`, 'GOAWAY NO_ERROR last=1']);
  expect(client.transcript.at(-1)).toBe('FIN');
});

test.each(Object.keys(errorCodes) as ErrorCode[])('GOAWAY carries the code %s', async (code) => {
  await using server = await start('request', { code });
  await using client = await openClient(server);
  await client.get(TASKS);
  expect(client.transcript[0]).toBe(`GOAWAY ${code} last=1`);
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
  ['session', 2],
  ['request', 0],
  ['request', 4],
  ['response', 0],
] as const)('a GOAWAY on `%s` may name %i as the last stream', async (on, lastStreamId) => {
  await using server = await start(on, { lastStreamId });
  await using client = await openRawHttp2(server);
  if (on !== 'session') await client.request(1, 'GET', TASKS);
  await client.saw('GOAWAY');
  expect(client.frames.filter(({ type }) => type === GOAWAY).map(readGoaway)).toEqual([
    { last: lastStreamId, code: 0 },
  ]);
  expect(await client.socket.ended()).toBe('fin');
  expect(client.transcript.includes('DATA 22 on 1')).toBe(lastStreamId === 4);
  client.socket.finish();
  expect(await server.journal.waitFor('connection.ended')).toMatchObject({ by: 'fault', how: 'goaway' });
});

test('what comes after a GOAWAY, above the last stream that it names, is left without an answer', async () => {
  await using server = await startMockServer({
    clock: 'manual',
    scenario: {
      faults: [
        { name: 'late', on: 'request', when: { nth: 1 }, inject: [{ delay: { ms: '1s' } }] },
        { name: 'drain', on: 'request', when: { nth: 2 }, inject: [{ goaway: { lastStreamId: 2 } }] },
      ],
    },
  });
  await using client = await openRawHttp2(server);
  for (const stream of [1, 3]) await client.request(stream, 'GET', TASKS);
  await client.saw('GOAWAY');
  await client.request(5, 'GET', TASKS);
  await server.clock.waiting(1_000);
  await server.clock.advance(1_000);
  expect(await client.socket.ended()).toBe('fin');
  expect(client.transcript.filter((seen) => / on \d/.test(seen))).toEqual([
    'HEADERS on 1',
    'DATA 22 on 1',
    'DATA 0 on 1',
  ]);
});

test('a GOAWAY for each of many parallel calls waits for them all, and with one listener', async () => {
  const CALLS = 20;
  const warnings: string[] = [];
  const note = ({ message }: Error) => warnings.push(message);
  process.on('warning', note);
  await using _ = { [Symbol.asyncDispose]: async () => void process.off('warning', note) };
  await using server = await startMockServer({
    scenario: {
      faults: [
        { on: 'request', inject: [{ delay: { ms: 50 } }] },
        { on: 'response', inject: [{ goaway: {} }, { delay: { ms: 50 } }] },
      ],
    },
  });
  await using client = await openClient(server);
  const answers = await Promise.all(Array.from({ length: CALLS }, () => client.get(TASKS)));
  await client.closed;

  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect(server.journal.events('goaway.sent')).toHaveLength(CALLS);
  expect(await server.journal.waitFor('connection.ended')).toMatchObject({ how: 'goaway' });
  // Node warns of more than ten listeners on one stream, in a tick of its own.
  await new Promise(setImmediate);
  expect(warnings).toEqual([]);
});
