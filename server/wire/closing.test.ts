import { once } from 'node:events';
import http2, { type ServerHttp2Stream } from 'node:http2';
import net from 'node:net';
import { expect, test } from 'vitest';
import { type Client, openClient } from '../../client-tests/typescript/support/client.ts';
import { openHttp1Client, writeRequest } from '../../client-tests/typescript/support/http1.ts';
import { encodeFields } from '../../client-tests/typescript/support/raw-http2.ts';
import { makeClientHello, openRawSocket, openTlsSocket } from '../../client-tests/typescript/support/sockets.ts';
import { TASKS, textOnly } from '../../client-tests/typescript/support/tasks.ts';
import { frameTypes } from '../faults/frame-types.ts';
import { type MockServer, startMockServer } from '../index.ts';
import { Lane } from '../lane.ts';
import { loadScenario } from '../scenario/load.ts';
import { closeConnection } from './closing.ts';
import { Connection } from './connection.ts';
import { encodeFrame, PREFACE } from './frames.ts';

const TRACE = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', 'x-async-trace-id': 'trace-7' };

/** Every create waits for 30 s of a clock that stands still. */
const startWaiting = () =>
  startMockServer({
    clock: 'manual',
    profile: 'dual-stack',
    scenario: {
      faults: [{ name: 'late', on: 'request', match: { method: 'POST' }, inject: [{ delay: { ms: '30s' } }] }],
    },
  });

const endsIn = (server: MockServer) => server.journal.events('connection.ended');

const departures: readonly (readonly [string, (client: Client) => Promise<void>, string])[] = [
  ['RST', (client) => client.reset(), 'reset'],
  ['GOAWAY and FIN', (client) => client.close(), 'goaway'],
  ['FIN alone', (client) => client.finish(), 'fin'],
];

test.each(departures)(
  'HTTP/2: a client that leaves by %s is named, with the calls it left',
  async (_how, leave, how) => {
    await using server = await startWaiting();
    await using client = await openClient(server);
    await client.get(TASKS);
    void client.post(TASKS, textOnly, TRACE);
    await server.clock.waiting(30_000);
    await server.clock.advance(2_000);
    await leave(client);

    expect(await server.journal.waitFor('connection.ended')).toMatchObject({
      connection: 1,
      remote: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      by: 'client',
      how,
      ageMs: 2_000,
      requests: [
        {
          request: 2,
          stream: 3,
          method: 'POST',
          path: TASKS,
          traceparent: TRACE.traceparent,
          asyncTraceId: TRACE['x-async-trace-id'],
        },
      ],
    });
    await server.clock.advance(60_000);
    expect(endsIn(server)).toHaveLength(1);
    expect(server.journal.events('task.created')).toEqual([]);
  },
);

test('a reset tells how long the connection had been idle', async () => {
  await using server = await startWaiting();
  await using client = await openClient(server);
  await client.ping();
  await server.clock.advance(3_000);
  await client.reset();
  expect(await server.journal.waitFor('connection.ended')).toMatchObject({ by: 'client', how: 'reset', idleMs: 3_000 });
});

test.each([
  ['RST', 'reset'],
  ['FIN', 'fin'],
] as const)('HTTP/1.1: a client that leaves by %s is named, with the call it left', async (_how, how) => {
  await using server = await startWaiting();
  await using client = await openHttp1Client(server);
  await client.get(TASKS);
  await client.socket.write(writeRequest('POST', TASKS, TRACE, JSON.stringify(textOnly)));
  await server.clock.waiting(30_000);
  if (how === 'reset') client.socket.reset();
  else await client.socket[Symbol.asyncDispose]();

  expect(await server.journal.waitFor('connection.ended')).toMatchObject({
    by: 'client',
    how,
    requests: [{ request: 2, method: 'POST', asyncTraceId: 'trace-7', traceparent: TRACE.traceparent }],
  });
});

test('HTTP/2: a client that gives up on a connection that hangs is named', async () => {
  await using server = await startMockServer({
    scenario: {
      faults: [
        { name: 'stuck', on: 'request', when: { nth: 1 }, inject: [{ end: { at: 'headers', how: 'hang' } }] },
        { name: 'drain', on: 'request', when: { nth: 2 }, inject: [{ goaway: { code: 'ENHANCE_YOUR_CALM' } }] },
      ],
    },
  });
  await using client = await openClient(server);
  await Promise.all([client.get(TASKS), client.get(TASKS)]);

  expect(await server.journal.waitFor('connection.ended')).toMatchObject({ by: 'client', how: 'goaway' });
});

test.each([1, 2, 3])('HTTP/2: a reset right behind %i calls is a reset, also while a stream hangs', async (calls) => {
  await using server = await startMockServer({
    scenario: {
      faults: [{ name: 'stuck', on: 'request', when: { nth: 1 }, inject: [{ end: { at: 'headers', how: 'hang' } }] }],
    },
  });
  await using client = await openClient(server);
  void client.get(TASKS);
  await server.journal.waitFor('response.abandoned');
  for (let call = 0; call < calls; call++) void client.get(TASKS);
  // node:http2 sends what it has at the end of this turn of the loop.
  await new Promise((resolve) => setImmediate(resolve));
  await client.reset();

  expect(await server.journal.waitFor('connection.ended')).toMatchObject({
    by: 'client',
    how: 'reset',
    cause: 'ECONNRESET',
    requests: expect.arrayContaining([expect.objectContaining({ stream: 1 })]),
  });
});

test('HTTP/1.1: a client that half-closes still gets its answer', async () => {
  await using server = await startMockServer({ profile: 'dual-stack' });
  await using client = await openHttp1Client(server);
  await client.socket.write(writeRequest('GET', TASKS));
  client.socket.finish();
  expect(await client.socket.ended()).toBe('fin');
  expect(client.transcript).toEqual(['HEADERS 200', 'DATA 22 of 22', 'FIN']);
  expect(await server.journal.waitFor('connection.ended')).toMatchObject({ by: 'client', how: 'fin', requests: [] });
});

test('HTTP/1.1: `connection: close` is the doing of the client', async () => {
  await using server = await startMockServer({ profile: 'dual-stack' });
  await using client = await openHttp1Client(server);
  await client.get(TASKS, { connection: 'close' });
  expect(await client.socket.ended()).toBe('fin');
  client.socket.finish();
  expect(await server.journal.waitFor('connection.ended')).toMatchObject({ by: 'client', how: 'fin' });
});

test('a client that leaves before, amid and right after the handshake is named', async () => {
  await using server = await startWaiting();
  const silent = await openRawSocket(server);
  await server.journal.waitFor('connection.opened');
  await silent[Symbol.asyncDispose]();
  expect(await server.journal.waitFor('connection.ended')).toMatchObject({ connection: 1, by: 'client', how: 'fin' });

  const amid = await openRawSocket(server);
  await amid.write(await makeClientHello({ alpn: ['h2'] }));
  await amid.until(() => amid.bytesRead > 0);
  amid.reset();
  expect(await server.journal.waitFor('connection.ended', ({ connection }) => connection === 2)).toMatchObject({
    by: 'client',
    how: 'reset',
  });

  await using early = await openTlsSocket(server, { alpn: ['h2'] });
  early.finish();
  expect(await server.journal.waitFor('connection.ended', ({ connection }) => connection === 3)).toMatchObject({
    by: 'client',
    how: 'fin',
  });
});

test('a client that does not trust the certificate is named, with the alert it sent', async () => {
  await using server = await startMockServer();
  await using socket = await openRawSocket(server);
  await socket.write(await makeClientHello({ alpn: ['h2'], version: 'TLSv1.2' }));
  await socket.until(() => socket.bytesRead > 0);
  // RFC 8446, section 6: a fatal alert, unknown_ca.
  await socket.write(Buffer.from('15030300020230', 'hex'));

  expect(await server.journal.waitFor('connection.ended')).toMatchObject({
    by: 'client',
    how: 'error',
    cause: 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
  });
});

test.each(['reset', 'fin', 'goaway'] as const)('an admin may end a connection by %s', async (how) => {
  await using server = await startWaiting();
  await using client = await openClient(server);
  await client.get(TASKS);
  await fetch(`${server.adminUrl}/connections/1?how=${how}`, { method: 'DELETE' });
  await client.closed;

  const seen = { reset: ['RESET'], fin: ['FIN'], goaway: ['GOAWAY NO_ERROR last=1', 'FIN'] }[how];
  expect(client.transcript.slice(3)).toEqual(seen);
  expect(await server.journal.waitFor('connection.ended')).toMatchObject({ by: 'admin', how, requests: [] });
});

const frame = (type: keyof typeof frameTypes, stream: number, payload: Buffer) =>
  encodeFrame({ type: frameTypes[type], flags: type === 'HEADERS' ? 5 : 0, stream, payload });
/** An increment of 2^30, and the setting of as much for each stream. */
const WIDE = Buffer.from('40000000', 'hex');
const WIDE_STREAMS = Buffer.from('000440000000', 'hex');
const MORE_THAN_THE_KERNEL_TAKES = 32_000_000;

test('where a FIN waits for bytes before it, a reset closes the socket, and is recorded as the FIN that it was', async () => {
  const lane = new Lane('main', loadScenario({}));
  const accepted = Promise.withResolvers<net.Socket>();
  const tcp = net.createServer(accepted.resolve).listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  const client = net.connect((tcp.address() as net.AddressInfo).port, '127.0.0.1');
  const windows = [frame('SETTINGS', 0, WIDE_STREAMS), frame('WINDOW_UPDATE', 0, WIDE)];
  const fields = encodeFields({ ':method': 'GET', ':scheme': 'http', ':path': '/', ':authority': 'localhost' });
  client.write(Buffer.concat([PREFACE, ...windows, frame('HEADERS', 1, fields)]));
  const raw = await accepted.promise;
  // node:http2 writes past the socket, which would wait for its own writes before it sends FIN.
  const session = http2.performServerHandshake(raw);
  const [stream] = await once(session, 'stream');
  (stream as ServerHttp2Stream).end(Buffer.alloc(MORE_THAN_THE_KERNEL_TAKES));
  const connection = new Connection(lane, raw);
  while (connection.unsentBytes === 0) await new Promise((resolve) => setImmediate(resolve));
  const gone = once(raw, 'close');

  raw.end();
  closeConnection(connection, 'reset', { by: 'admin' });

  expect(lane.journal.events('connection.ended')).toMatchObject([{ by: 'admin', how: 'fin' }]);
  await gone;
  client.destroy();
  await new Promise((resolve) => tcp.close(resolve));
});
