import { mkdtempDisposable, readFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type MockLane, type MockServer, type ScenarioInput, startMockServer } from '../../server/index.ts';
import { describeEvent } from '../../server/log.ts';
import { callAdmin } from './support/admin.ts';
import { openClient } from './support/client.ts';
import { openHttp1Client, writeRequest } from './support/http1.ts';
import { readAnswer } from './support/read-answer.ts';
import { openRawSocket, openTlsSocket } from './support/sockets.ts';
import { standardVideo } from './support/standard-video.ts';
import { createTask, getTask, TASKS } from './support/tasks.ts';

const SIZE = standardVideo.length;

/** Any lane and the CA that a client has to trust. */
type Made = Pick<MockServer, 'url' | 'ca' | 'clock' | 'storageUrl'>;

/** Lets a task run to its end, and returns the URL of its video. */
async function makeVideo(server: Made, serverName?: string): Promise<URL> {
  await using client = await openClient({ ...server, ...(serverName !== undefined && { serverName }) });
  const id = await createTask(client);
  await server.clock.advance(5_000);
  return new URL((await getTask(client, id)).content.video_url);
}

const storageOf = ({ ca, storageUrl = '' }: Pick<Made, 'ca' | 'storageUrl'>) => ({
  ca,
  url: new URL(storageUrl).origin,
});
const pathOf = ({ pathname, search }: URL) => `${pathname}${search}`;

/** Over HTTP/2, and over HTTP/1.1 without ALPN, which profile `seedance` resets. */
const clients = [
  ['HTTP/2', openClient],
  ['HTTP/1.1 without ALPN', openHttp1Client],
] as const;

/** In profile `seedance`, with its service rules, in a time that stands still. */
const start = (scenario: ScenarioInput = {}, options: object = {}) =>
  startMockServer({ seed: 7, clock: 'manual', scenario, ...options });

describe.each(clients)('the storage port over %s', (_name, open) => {
  test('serves what video_url names', async () => {
    await using server = await start();
    const url = await makeVideo(server);
    await using client = await open(storageOf(server));

    const { status, headers } = await readAnswer(client.get(pathOf(url), { range: 'bytes=0-9' }));

    expect(url.origin).toBe(server.storageUrl);
    expect([status, headers['content-range']]).toEqual([206, `bytes 0-9/${SIZE}`]);
    expect(server.journal.events('request.received').at(-1)).toMatchObject({ range: 'bytes=0-9' });
    expect(server.journal.events('response.sent').at(-1)).toMatchObject({ contentRange: `bytes 0-9/${SIZE}` });
  });

  test('keeps a connection that has neither traffic nor heartbeats', async () => {
    await using server = await start();
    const path = pathOf(await makeVideo(server));
    await using client = await open(storageOf(server));
    await client.get(path, { range: 'bytes=0-9' });
    await using atService = await openClient(server);

    await server.clock.advance(120_000);
    await atService.closed;

    expect(await readAnswer(client.get(path, { range: 'bytes=0-9' }))).toMatchObject({ status: 206 });
    expect(server.journal.events('rule.applied')).toMatchObject([{ connection: 3, rule: 'idle' }]);
  });

  test('knows neither the API nor heartbeats', async () => {
    await using server = await start();
    await using client = await open(storageOf(server));

    for (const path of [TASKS, '/heartbeat', '/', '/doubao/none.mp4']) {
      const { status, text } = await readAnswer(client.get(path, { 'x-client-timestamp': '1' }));
      expect([path, status, JSON.parse(text).Code]).toEqual([path, 404, 'NoSuchKey']);
    }
    expect(server.journal.events('heartbeat')).toEqual([]);
    expect(server.tasks.all()).toEqual([]);
  });

  test('is out of reach of faults on connections', async () => {
    await using server = await start();
    const path = pathOf(await makeVideo(server));
    const faults = [
      '{ name: a, on: accept, inject: [reset] }',
      '{ name: b, on: client-hello, inject: [tls-cut] }',
      '{ name: c, on: handshake, inject: [{ tls-version: { only: TLSv1.2 } }] }',
      '{ name: d, on: session, inject: [goaway] }',
    ];
    for (const fault of faults) expect((await callAdmin(server, 'POST /faults', fault)).status).toBe(201);

    await using client = await open(storageOf(server));

    expect(await readAnswer(client.get(path, { range: 'bytes=0-9' }))).toMatchObject({ status: 206 });
    expect(server.journal.events('fault.injected')).toEqual([]);
    expect(server.journal.events('goaway.sent')).toEqual([]);
    expect(server.journal.events('connection.secured').at(-1)?.tls).toBe('TLSv1.3');
  });

  test.each([
    ['video', '{ truncated: { afterBytes: 1000 } }', ['HEADERS 200', expect.stringMatching('^DATA 1000'), 'RESET']],
    ['request', '{ end: { at: headers, how: reset } }', [expect.stringMatching('^HEADERS'), 'RESET']],
    [
      'response',
      '{ end: { at: { bodyBytes: 10 }, how: fin } }',
      ['HEADERS 200', expect.stringMatching('^DATA 10( |$)'), 'FIN'],
    ],
  ])('is struck by faults on %s', async (hook, deed, seen) => {
    await using server = await start();
    const path = pathOf(await makeVideo(server));
    const fault = `{ name: cut, on: ${hook}, match: { path: "/:model/*.mp4" }, inject: [${deed}] }`;
    expect((await callAdmin(server, 'POST /faults', fault)).status).toBe(201);

    await using client = await open(storageOf(server));
    await client.get(path);

    expect(client.transcript.filter((entry) => hook !== 'request' || !entry.startsWith('DATA'))).toEqual(seen);
    expect(server.journal.events('fault.injected')).toMatchObject([{ fault: 'cut', hook }]);
  });

  test('serves the results of every lane: the path names the lane', async () => {
    await using server = await start();
    const faults = [
      { name: 'denied', on: 'video', match: { path: '/:model/*.mp4' }, inject: ['expired-url'] },
    ] as const;
    await using lane = await server.openLane({ id: 'one', clock: 'manual', scenario: { faults } });
    await using other = await server.openLane({ id: 'two', clock: 'manual' });
    const urls = [await makeVideo(server), await makeVideo(lane), await makeVideo(other)];
    const [ofMain, ofOne, ofTwo] = urls.map(pathOf);
    await using client = await open(storageOf(server));
    const statusOf = async (path = '') => (await readAnswer(client.get(path, { range: 'bytes=0-9' }))).status;

    expect(urls.map(({ origin }) => origin)).toEqual(Array(3).fill(server.storageUrl));
    expect([lane.storageUrl, other.storageUrl]).toEqual([`${server.storageUrl}/one`, `${server.storageUrl}/two`]);
    expect(ofOne?.startsWith('/one/doubao')).toBe(true);
    expect([await statusOf(ofMain), await statusOf(ofOne), await statusOf(ofTwo)]).toEqual([206, 403, 206]);
    expect(await statusOf(ofTwo?.replace('/two/', '/one/'))).toBe(403);
    expect(lane.journal.events('fault.injected')).toMatchObject([{ fault: 'denied' }]);
    const stays = (one: MockServer | MockLane) => one.journal.events('connection.opened').map(({ storage }) => storage);
    expect([stays(server), stays(lane), stays(other)]).toEqual(Array(3).fill([undefined, true]));

    await other.close();
    expect(await statusOf(ofTwo)).toBe(404);
  });
});

test('video_url names the host that the client calls, and the storage port', async () => {
  await using server = await start();
  const { port } = new URL(server.storageUrl ?? '');
  await using client = await openClient(server);
  const id = await createTask(client);
  await server.clock.advance(5_000);
  const originAt = async (authority: string) => {
    const { text } = await client.get(`${TASKS}/${id}`, { ':authority': authority });
    return new URL(JSON.parse(text).content.video_url).origin;
  };

  expect(await originAt('mock:8443')).toBe(`https://mock:${port}`);
  expect(await originAt('mock')).toBe(`https://mock:${port}`);
  expect(await originAt('[::1]:8443')).toBe(`https://[::1]:${port}`);
  expect(await originAt('[::1]')).toBe(`https://[::1]:${port}`);
});

test('behind a proxy to the port of the service, --public-url names the proxy, and its results are there', async () => {
  await using server = await start({}, { publicUrl: 'https://ark.example.com/' });
  await using lane = await server.openLane({ id: 'one', clock: 'manual' });
  for (const one of [server, lane]) {
    const url = await makeVideo(one);
    await using client = await openClient(server);

    expect(url.origin).toBe('https://ark.example.com');
    expect(await client.get(pathOf(url), { range: 'bytes=0-9' })).toMatchObject({ status: 206 });
  }
});

test('a client without ALPN that asks for h2c gets HTTP/1.1', async () => {
  await using server = await start();
  const path = pathOf(await makeVideo(server));
  await using client = await openHttp1Client(storageOf(server));

  const answer = await client.get(path, { connection: 'upgrade, http2-settings', upgrade: 'h2c', range: 'bytes=0-9' });

  expect(answer?.status).toBe(206);
});

test('a client that offers neither protocol by ALPN gets a TLS alert', async () => {
  await using server = await start();
  const socket = await openTlsSocket(storageOf(server), { alpn: ['spdy/1'] });
  expect(socket.end).toBe('ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL');
});

test('HTTP in clear text is closed, and the journal says why', async () => {
  await using server = await start();
  await using socket = await openRawSocket(storageOf(server));
  await socket.write(writeRequest('GET', '/'));

  expect(await socket.ended()).toBe('fin');
  socket.finish();
  expect(await server.journal.waitFor('connection.ended')).toMatchObject({ by: 'server', cause: 'not TLS' });
});

test('PING on the storage port is answered, and is no heartbeat', async () => {
  await using server = await start();
  await using client = await openClient(storageOf(server));
  await client.ping();
  expect(server.journal.events('heartbeat')).toEqual([]);
});

test('a change of scenario leaves results and their connections as they are', async () => {
  await using server = await start();
  const path = pathOf(await makeVideo(server));
  await using client = await openHttp1Client(storageOf(server));
  await client.get(path, { range: 'bytes=0-9' });

  expect((await callAdmin(server, 'PUT /scenario', 'service: { alpn: { offer: [h2] } }')).status).toBe(200);

  expect((await client.get(path, { range: 'bytes=0-9' }))?.status).toBe(206);
  await using later = await openHttp1Client(storageOf(server));
  expect((await later.get(path, { range: 'bytes=0-9' }))?.status).toBe(206);
});

test('close() ends a download that is under way, and frees the port', async () => {
  const server = await start({ faults: [{ name: 'slow', on: 'video', inject: [{ slow: { bytesPerSecond: 100 } }] }] });
  const path = pathOf(await makeVideo(server));
  const storagePort = Number(new URL(server.storageUrl ?? '').port);
  await using client = await openClient(storageOf(server));
  const download = client.get(path);
  await client.saw('HEADERS 200');

  await server.close();

  await download;
  const ends = server.journal.events('connection.ended');
  expect(ends.find(({ connection }) => connection === 2)).toMatchObject({ by: 'shutdown' });
  await using next = await start({}, { storagePort });
  expect(next.storageUrl).toBe(server.storageUrl);
});

test('a storage port that is taken is refused', async () => {
  const holder = net.createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const { port: storagePort } = holder.address() as net.AddressInfo;

  await expect(startMockServer({ storagePort })).rejects.toThrow(`Port ${storagePort}`);
  holder.close();
});

test('the key log has what decrypts downloads', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'seedance-mock-keylog-'));
  const keylog = join(folder.path, 'keys');
  {
    await using server = await start({}, { keylog });
    await using socket = await openTlsSocket(storageOf(server));
    expect(socket.secured?.alpn).toBe(false);
    await server.journal.waitFor('connection.secured');
  }
  expect(await readFile(keylog, 'utf8')).toContain('SERVER_TRAFFIC_SECRET_0');
});

test('/connections, metrics and log tell connections to the storage from others', async () => {
  await using server = await start();
  await using _service = await openClient(server);
  await using client = await openHttp1Client(storageOf(server));

  const { body } = await callAdmin(server, 'GET /connections');
  expect(body).toMatchObject({
    connections: [
      { id: 1, storage: false },
      { id: 2, storage: true },
    ],
  });
  expect((await callAdmin(server, 'GET /connections/2')).body).toMatchObject({ storage: true, protocol: 'http/1.1' });
  const metrics = await (await fetch(`${server.adminUrl}/metrics`)).text();
  expect(metrics).toContain('\nseedance_mock_connections 2\n');
  expect(metrics).toContain('\nseedance_mock_storage_connections 1\n');
  expect(server.journal.events('connection.opened').map(describeEvent)).toEqual([
    undefined,
    ['info', '[2] opened to the storage port'],
  ]);

  expect((await callAdmin(server, 'DELETE /connections/2?how=reset')).status).toBe(204);
  expect(await client.socket.ended()).toBe('reset');
});
