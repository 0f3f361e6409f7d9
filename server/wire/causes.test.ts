import diagnostics from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { openClient } from '../../client-tests/typescript/support/client.ts';
import { openRawHttp2 } from '../../client-tests/typescript/support/raw-http2.ts';
import { openTlsSocket } from '../../client-tests/typescript/support/sockets.ts';
import { TASKS, textOnly } from '../../client-tests/typescript/support/tasks.ts';
import { startProxy, startUpstream } from '../../client-tests/typescript/support/upstreams.ts';
import { type MockServer, type ScenarioInput, startMockServer } from '../index.ts';

type Faults = NonNullable<ScenarioInput['faults']>;

const start = (faults: Faults = []) =>
  startMockServer({ clock: 'manual', profile: 'dual-stack', scenario: { faults } });
/** Frames pass through our own code where a fault wants to look at them. */
const tapped: Faults = [{ name: 'never', on: 'session', when: { nth: 99 }, inject: ['window-stall'] }];
const late = (method: 'GET' | 'POST'): Faults => [
  { name: 'late', on: 'request', match: { method }, inject: [{ delay: { ms: '30s' } }] },
];
const endOf = (server: MockServer) => server.journal.waitFor('connection.ended');

describe.each([
  ['', []],
  [', whose frames are looked at', tapped],
] as const)('HTTP/2%s', (_way, faults) => {
  test.each([
    ['DATA on stream 0', { type: 'DATA', stream: 0, payload: Buffer.from('x') }, 'PROTOCOL_ERROR'],
    [
      'a window beyond its limit',
      { type: 'WINDOW_UPDATE', stream: 0, payload: Buffer.from('7fffffff', 'hex') },
      'FLOW_CONTROL_ERROR',
    ],
  ] as const)(
    'a client that sends %s broke the protocol: the code and the reason are named',
    async (_what, { type, ...frame }, code) => {
      await using server = await start([...faults, ...late('GET')]);
      await using client = await openRawHttp2(server);
      await client.request(1, 'GET', TASKS);
      await server.clock.waiting(30_000);

      await client.send(type, frame);

      expect(await endOf(server)).toMatchObject({
        ...{ by: 'client', how: 'error', cause: 'protocol', code },
        explanation: expect.stringMatching(/error$/),
        requests: [{ request: 1, method: 'GET', path: TASKS }],
      });
    },
  );
});

test("a breach that a fault made, by frames that it kept from us, is not the client's", async () => {
  const inject = [{ 'drop-frame': { type: 'HEADERS', direction: 'from-client' } }] as never;
  await using server = await start([{ name: 'hole', on: 'session', inject }]);
  await using client = await openRawHttp2(server);
  await client.request(1, 'GET', TASKS);
  await client.send('DATA', { stream: 1, payload: Buffer.from('x') });
  expect(await endOf(server)).toMatchObject({ by: 'fault', how: 'error', cause: 'hole' });
});

test('HTTP/1.1: a client that sends no request broke the protocol', async () => {
  await using server = await start();
  await using socket = await openTlsSocket(server, { alpn: ['http/1.1'] });
  await socket.write('WHAT IS THIS\r\n\r\n');
  await socket.saw('HTTP/1.1 400 Bad Request');
  await socket[Symbol.asyncDispose]();
  expect(await endOf(server)).toMatchObject({
    ...{ by: 'client', how: 'error', cause: 'protocol', code: expect.stringMatching(/^HPE_/) },
    explanation: expect.stringMatching(/./),
  });
});

/** The server's side of the next connection that it accepts. */
function nextAccepted(): Promise<Socket> {
  return new Promise((resolve) => {
    const hear = (message: unknown) => {
      diagnostics.unsubscribe('net.server.socket', hear);
      resolve((message as { readonly socket: Socket }).socket);
    };
    diagnostics.subscribe('net.server.socket', hear);
  });
}

test.each(['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'])(
  'a client that the network does not reach any more, %s, has not left',
  async (code) => {
    await using server = await start(late('POST'));
    const accepted = nextAccepted();
    await using client = await openClient(server);
    void client.post(TASKS, textOnly);
    await server.clock.waiting(30_000);
    // As the kernel reports it: loopback cannot lose a peer.
    (await accepted).destroy(Object.assign(new Error(`read ${code}`), { code }));
    expect(await endOf(server)).toMatchObject({
      ...{ by: 'network', how: 'error', cause: code },
      requests: [{ method: 'POST', committed: 'no', retriable: true }],
    });
  },
);

test('a client that resets a stream is named with its reason', async () => {
  await using server = await start(late('GET'));
  await using client = await openRawHttp2(server);
  await client.request(1, 'GET', TASKS);
  await server.clock.waiting(30_000);
  await client.send('RST_STREAM', { stream: 1, payload: Buffer.from('00000008', 'hex') });
  expect(await server.journal.waitFor('stream.reset')).toMatchObject({ by: 'client', cause: 'CANCEL' });
});

describe('what the end of a connection leaves open', () => {
  const cut = (at: 'before-commit' | 'after-commit' | 'headers'): Faults => [
    { name: 'cut', on: 'request', inject: [{ end: { at, how: 'reset' } }] },
  ];
  const leftIn = async (server: MockServer) =>
    (await endOf(server)).requests.map(({ method, committed, retriable }) => [method, committed, retriable]);

  test.each([
    ['a create that was carried out may not be sent again', 'after-commit', 'POST', TASKS, ['POST', 'yes', false]],
    ['nor when its answer had begun', 'headers', 'POST', TASKS, ['POST', 'yes', false]],
    ['a create that was not may', 'before-commit', 'POST', TASKS, ['POST', 'no', true]],
    ['one that was refused may', 'after-commit', 'bad POST', TASKS, ['POST', 'no', true]],
    ['a GET changes nothing', 'after-commit', 'GET', TASKS, ['GET', 'no', true]],
  ] as const)('%s', async (_what, at, method, path, left) => {
    await using server = await startMockServer({ scenario: { faults: cut(at) } });
    await using client = await openClient(server);
    if (method === 'GET') await client.get(path);
    else await client.post(path, method === 'POST' ? textOnly : {});
    expect(await leftIn(server)).toEqual([left]);
  });

  test('a create whose body has not come whole was not carried out', async () => {
    await using server = await startMockServer();
    await using client = await openRawHttp2(server);
    await client.request(1, 'POST', TASKS);
    await server.journal.waitFor('request.received');
    await client[Symbol.asyncDispose]();
    expect(await leftIn(server)).toEqual([['POST', 'no', true]]);
  });

  test('one that an upstream was sent, and has not answered, may have been', async () => {
    await using upstream = await startUpstream({
      faults: [
        {
          name: 'silent',
          on: 'request',
          match: { method: 'POST' },
          inject: [{ end: { at: 'after-commit', how: 'hang' } }],
        },
      ],
    });
    await using proxy = await startProxy(upstream);
    await using client = await openClient(proxy);
    void client.post(TASKS, textOnly);
    await upstream.journal.waitFor('task.created');
    await client.reset();
    expect(await leftIn(proxy)).toEqual([['POST', 'unknown', false]]);
  });
});
