import { Agent, request } from 'undici';
import { expect, test } from 'vitest';
import { type MockServer, type ScenarioInput, startMockServer } from '../../server/index.ts';
import { openClient } from './support/client.ts';
import { openHttp1Client, writeRequest } from './support/http1.ts';
import { makeClientHello, openRawSocket, openTlsSocket, type WireSocket } from './support/sockets.ts';
import { standardVideo } from './support/standard-video.ts';
import { TASKS, textOnly } from './support/tasks.ts';
import { makeVideo } from './support/video.ts';

type FaultInput = NonNullable<ScenarioInput['faults']>[number];
type AcceptFault = Extract<FaultInput, { on: 'accept' }>['inject'][number];

const start = (...inject: AcceptFault[]) =>
  startMockServer({
    clock: 'manual',
    profile: 'dual-stack',
    scenario: { faults: [{ name: 'line', on: 'accept', inject }] },
  });

/** A client that has said what it would like, and reads what comes. */
async function sayHello(server: MockServer): Promise<WireSocket> {
  const socket = await openRawSocket(server);
  await socket.write(await makeClientHello({ alpn: ['h2'] }));
  return socket;
}

/** Moves the clock each time that something waits for exactly so long, until a deed is done. */
async function advancing<T>(server: MockServer, ms: number, deed: Promise<T>): Promise<T> {
  let done = false;
  const finished = deed.finally(() => {
    done = true;
  });
  while (!done) {
    await Promise.race([server.clock.waiting(ms), finished]);
    if (!done) await server.clock.advance(ms);
  }
  return finished;
}

test('`latency` carries the ClientHello late, and the answer once more', async () => {
  await using server = await start({ latency: { ms: 200 } });
  await using socket = await sayHello(server);
  await server.clock.waiting(200);
  await server.clock.advance(200);
  await server.clock.waiting(200);
  await server.clock.advance(199);
  expect(socket.bytesRead).toBe(0);

  await server.clock.advance(1);
  await socket.until(() => socket.bytesRead > 0);
  expect(server.journal.events('fault.injected')).toMatchObject([
    { hook: 'accept', did: 'carry every byte 200ms late, in each direction' },
  ]);
});

test('`latency` in one direction leaves the other alone', async () => {
  await using server = await start({ latency: { ms: 200, direction: 'to-client' } });
  await using socket = await sayHello(server);
  await server.clock.waiting(200);
  await server.clock.advance(200);
  await socket.until(() => socket.bytesRead > 0);
});

test('`bandwidth` lets so many bytes pass in a second', async () => {
  await using server = await start({ bandwidth: { bytesPerSecond: 200, direction: 'to-client' } });
  await using socket = await sayHello(server);
  for (let pieces = 1; pieces <= 5; pieces++) {
    await server.clock.waiting(100);
    expect(socket.bytesRead).toBe((pieces - 1) * 20);
    await server.clock.advance(100);
    await socket.until(() => socket.bytesRead === pieces * 20);
  }
});

test('`bandwidth` is as slow for what the client sends', async () => {
  await using server = await start({ bandwidth: { bytesPerSecond: 1_000, direction: 'to-server' } });
  const hello = await makeClientHello({ alpn: ['h2'] });
  await using socket = await openRawSocket(server);
  await socket.write(hello);
  await server.clock.waiting(100);
  await server.clock.advance(hello.length - (hello.length % 100));
  expect(socket.bytesRead).toBe(0);
  await server.clock.advance(100);
  await socket.until(() => socket.bytesRead > 0);
});

test('`slice` sends what is written in small segments', async () => {
  await using server = await start({ slice: { bytes: 50, delay: 10 } });
  await using socket = await sayHello(server);
  for (let segments = 1; segments <= 5; segments++) {
    await socket.until(() => socket.bytesRead === segments * 50);
    await server.clock.waiting(10);
    await server.clock.advance(10);
  }
});

test('latency, bandwidth and slice work one after the other', async () => {
  await using server = await start(
    { slice: { bytes: 10, delay: 30 } },
    { bandwidth: { bytesPerSecond: 1_000, direction: 'to-client' } },
    { latency: { ms: 500, direction: 'to-client' } },
  );
  await using socket = await sayHello(server);
  // The latency comes first, whatever the order in the scenario.
  await server.clock.waiting(500);
  await server.clock.advance(500);
  await server.clock.waiting(10);
  await server.clock.advance(10);
  for (let segments = 1; segments <= 3; segments++) {
    await socket.until(() => socket.bytesRead === segments * 10);
    // The line has carried more than a segment meanwhile.
    await server.clock.waiting(30);
    await server.clock.advance(30);
  }
});

const slow = [
  { latency: { ms: 20, jitter: 20 } },
  { bandwidth: { bytesPerSecond: 1_000_000 } },
  { slice: { bytes: 1_000, delay: 1 } },
  { freeze: { after: '100ms', for: '500ms' } },
] as const;

test.each(['h2', 'http/1.1'] as const)('%s: a line that does all of it loses and swaps nothing', async (protocol) => {
  await using server = await startMockServer({
    clock: 20,
    profile: 'permissive',
    scenario: { faults: [{ name: 'line', on: 'accept', inject: slow }] },
  });
  const video = standardVideo;
  const got = await makeVideo(server, protocol);
  expect(got.equals(video)).toBe(true);
  expect(server.journal.events('connection.secured')).toMatchObject([{ protocol }]);
});

test('`freeze` holds both directions, and goes on where it stopped', async () => {
  await using server = await start({ freeze: { after: '1s', for: '5s' } });
  await using client = await openClient(server);
  await server.clock.advance(1_000);
  expect(server.journal.events('connection.frozen')).toMatchObject([{ connection: 1, forMs: 5_000, by: 'fault' }]);
  const reply = client.get(TASKS);
  await server.clock.waiting(5_000);
  await server.clock.advance(4_999);
  expect(server.journal.events('request.received')).toEqual([]);
  expect(client.transcript).toEqual([]);

  await server.clock.advance(1);
  expect(await reply).toMatchObject({ status: 200 });
});

test('`freeze` does not stop the idle rule, and its reset is a reset', async () => {
  await using server = await start({ freeze: { after: '1s', for: '1m' } });
  await using socket = await openTlsSocket(server, { alpn: ['h2'] });
  await server.clock.advance(9_000);
  expect(await socket.ended()).toBe('reset');
  expect(server.journal.events('connection.ended')).toMatchObject([{ by: 'rule', how: 'reset', cause: 'idle' }]);
});

test('a planned reset comes after the bytes that were sent before it', async () => {
  await using server = await startMockServer({
    clock: 'manual',
    scenario: {
      faults: [
        { name: 'far', on: 'accept', inject: [{ latency: { ms: 100 } }] },
        { name: 'cut', on: 'request', inject: [{ end: { at: { bodyBytes: 10 }, how: 'reset' } }] },
      ],
    },
  });
  const client = await advancing(server, 100, openClient(server));
  await using _ = client;
  await advancing(server, 100, client.get(TASKS));
  expect(client.transcript).toEqual(['HEADERS 200', 'DATA 10', 'RESET']);
});

test('bytes on a slow line keep the connection from idling', async () => {
  await using server = await start({ bandwidth: { bytesPerSecond: 20, direction: 'to-client' } });
  await using socket = await sayHello(server);
  await server.clock.waiting(100);
  await server.clock.advance(100);
  for (let second = 1; second <= 20; second++) {
    await server.clock.waiting(100);
    await server.clock.advance(1_000);
    await socket.until(() => socket.bytesRead >= second * 20);
  }
  expect(server.journal.events('rule.applied')).toEqual([]);
});

test('`half-close` sends FIN at once; a client that does not answer it is reset (A7)', async () => {
  await using server = await start('half-close');
  await using socket = await openRawSocket(server);
  expect(await socket.ended()).toBe('fin');
  expect(socket.bytesRead).toBe(0);
  await server.clock.advance(400);
  expect(server.journal.events('connection.ended')).toMatchObject([{ by: 'rule', how: 'reset', cause: 'fin' }]);
  expect(await socket.probe()).toBe('reset');
});

/** More than a handshake takes, and less than a handshake with an answer. */
const AMID_THE_ANSWER = { afterBytes: 2_700 };

test('HTTP/1.1: after `half-close` a create is carried out, and its answer is lost; then A7 resets', async () => {
  await using server = await start({ 'half-close': AMID_THE_ANSWER });
  await using client = await openHttp1Client(server);
  await client.post(TASKS, textOnly);
  expect(client.socket).toMatchObject({ end: 'fin', bytesRead: 2_700 });
  expect(server.journal.events('connection.half-closed')).toMatchObject([{ afterBytes: 2_700, cause: 'line' }]);

  await client.socket.write(writeRequest('POST', TASKS, {}, JSON.stringify(textOnly)));
  const lost = await server.journal.waitFor('response.abandoned', ({ request }) => request === 2);
  expect(lost).toMatchObject({ how: 'fin', by: 'fault', cause: 'line' });
  expect(server.journal.events('task.created')).toHaveLength(2);
  expect(client.socket.bytesRead).toBe(2_700);

  await server.clock.advance(400);
  expect(server.journal.events('connection.ended')).toMatchObject([{ by: 'rule', how: 'reset', cause: 'fin' }]);
  expect(await client.socket.probe()).toBe('reset');
});

test('HTTP/2: a client that answers the FIN of `half-close` is not reset', async () => {
  await using server = await start({ 'half-close': AMID_THE_ANSWER });
  await using client = await openClient(server);
  await client.post(TASKS, textOnly);
  expect(client.transcript).toEqual(['FIN']);
  expect(await server.journal.waitFor('connection.ended')).toMatchObject({ by: 'fault', how: 'fin', cause: 'line' });
  expect(server.journal.events('rule.applied')).toEqual([]);
});

const startSlowly = (params: { delay?: string; bytesPerSecond?: number }) =>
  startMockServer({
    clock: 'manual',
    profile: 'permissive',
    scenario: { faults: [{ name: 'crawl', on: 'handshake', inject: [{ 'tls-slow': params }] }] },
  });

test('`tls-slow` waits before the ServerHello; what follows the handshake is in time', async () => {
  await using server = await startSlowly({ delay: '5s' });
  const opening = openClient(server);
  await server.clock.waiting(5_000);
  await server.clock.advance(5_000);
  await using client = await opening;
  expect(await client.get(TASKS)).toMatchObject({ status: 200 });
});

test.each(['TLSv1.3', 'TLSv1.2'] as const)('`tls-slow` sends the flight of %s at its pace', async (version) => {
  await using server = await startSlowly({ delay: '1s', bytesPerSecond: 100 });
  await using socket = await openRawSocket(server);
  await socket.write(await makeClientHello({ alpn: ['h2'], version }));
  await server.clock.waiting(1_000);
  await server.clock.advance(1_000);
  for (let pieces = 1; pieces <= 5; pieces++) {
    await server.clock.waiting(100);
    await server.clock.advance(100);
    await socket.until(() => socket.bytesRead === pieces * 10);
  }
});

test('`tls-slow` outlasts the timeout of a client for its handshake', async () => {
  await using server = await startSlowly({ bytesPerSecond: 1 });
  const dispatcher = new Agent({ allowH2: true, connect: { ca: server.ca, timeout: 100 } });
  const asked = request(`${server.url}${TASKS}`, { dispatcher });
  await expect(asked).rejects.toMatchObject({ code: 'UND_ERR_CONNECT_TIMEOUT' });
  await dispatcher.destroy();
  expect(await server.journal.waitFor('connection.ended')).toMatchObject({ by: 'client' });
});

test('`tls-slow` that takes longer than the service allows is reset', async () => {
  await using server = await startSlowly({ bytesPerSecond: 1 });
  await using socket = await sayHello(server);
  await server.clock.waiting(1_000);
  await server.clock.advance(30_000);
  expect(await socket.ended()).toBe('reset');
  expect(server.journal.events('connection.ended')).toMatchObject([{ by: 'rule', how: 'reset', cause: 'handshake' }]);
});
