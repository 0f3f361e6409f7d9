import dns from 'node:dns/promises';
import { once } from 'node:events';
import http from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import { networkInterfaces } from 'node:os';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type MockServer, type ScenarioInput, type StartOptions, startMockServer } from '../../server/index.ts';
import { callAdmin } from './support/admin.ts';
import { openClient, type Target } from './support/client.ts';
import { Receiver } from './support/receiver.ts';
import { TASKS, textOnly } from './support/tasks.ts';

/** Every address may be called, so that a refusal is for the port alone. */
const allow = ['0.0.0.0/0', '::/0'];
const start = (scenario: ScenarioInput = {}, options: StartOptions = {}) =>
  startMockServer({
    clock: 'manual',
    profile: 'dual-stack',
    scenario: { tasks: { queued: '1h' }, callbacks: { allow }, ...scenario },
    ...options,
  });

/** A call that changes the scenario in force. */
const ACTIVATE = '/scenarios/poll-reset/activate';
const portOf = (url: string) => new URL(url).port;

async function create(target: Target, callback_url: string): Promise<void> {
  await using client = await openClient(target);
  await client.post(TASKS, { ...textOnly, callback_url });
}

const failureIn = async ({ journal }: Pick<MockServer, 'journal'>) => (await journal.waitFor('callback.failed')).reason;

/** Has a name lead to these addresses, for the mock's own look-up alone. */
function pointName(name: string, addresses: readonly string[]) {
  const { lookup } = dns;
  let looks = 0;
  const pointed = async (host: string, options: object) => {
    if (host !== name) return lookup(host, options);
    looks++;
    return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  };
  Object.assign(dns, { lookup: pointed });
  syncBuiltinESMExports();
  onTestFinished(() => {
    Object.assign(dns, { lookup });
    syncBuiltinESMExports();
  });
  return { looks: () => looks };
}

describe('a callback never reaches the admin API', () => {
  const interfaces = Object.values(networkInterfaces()).flatMap((all = []) => all.filter(({ scopeid }) => !scopeid));
  const hosts = [
    ...['localhost', '127.0.0.1', '127.8.9.10', '2130706433', '0.0.0.0'],
    ...['[::1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:0.0.0.0]'],
    ...interfaces.map(({ address, family }) => (family === 'IPv6' ? `[${address}]` : address)),
  ];

  test.each([...new Set(hosts)])('as %s', async (host) => {
    await using server = await start();
    const port = portOf(server.adminUrl);

    await create(server, `http://${host}:${port}${ACTIVATE}`);

    expect(await failureIn(server)).toMatch(new RegExp(`:${port} \\(.*\\) is the admin API of this mock itself$`));
    expect(server.lane.scenario.name).toBe('inline');
  });

  test('as a name that leads to this machine', async () => {
    pointName('receiver.test', ['127.0.0.1']);
    await using server = await start();
    const port = portOf(server.adminUrl);

    await create(server, `http://receiver.test:${port}${ACTIVATE}`);

    expect(await failureIn(server)).toBe(`receiver.test:${port} (127.0.0.1) is the admin API of this mock itself`);
  });

  test('not once: it is not tried again, and the replay of its dead letter is refused as well', async () => {
    await using server = await start({ callbacks: { class: 'financial' } });
    const refused = { reason: expect.stringMatching(/is the admin API of this mock itself$/) };
    await create(server, `${server.adminUrl}${ACTIVATE}`);
    const { letter } = await server.journal.waitFor('dead-letter.archived');

    await server.clock.advance(60_000);
    expect(server.journal.events('callback.failed')).toEqual([expect.objectContaining(refused)]);
    await callAdmin(server, `POST /dead-letters/${letter}/replay`);

    const replayed = await server.journal.waitFor('callback.failed', ({ replay }) => replay === 1);
    expect(replayed).toMatchObject(refused);
    expect(server.lane.scenario.name).toBe('inline');
  });
});

describe('a callback never reaches a port of its own server', () => {
  const ports = [
    ['the service', ({ server }: Ports) => `${server.url}/`],
    ['the storage', ({ server }: Ports) => `${server.storageUrl}/`],
    ['the admin API', ({ server }: Ports) => `${server.adminUrl}${ACTIVATE}`],
    ['the DNS responder', ({ server }: Ports) => `http://${server.dns}/`],
    ['a lane that was opened later', ({ lane }: Ports) => `${lane.url}/`],
  ] as const;
  interface Ports {
    readonly server: MockServer;
    readonly lane: Pick<MockServer, 'journal' | 'ca'> & { readonly url: string };
  }

  test.each(ports)('%s, from the main lane and from another', async (_what, urlOf) => {
    await using server = await start({}, { dnsPort: 0 });
    await using sender = await server.openLane({ scenario: { tasks: { queued: '1h' } } });
    await using lane = await server.openLane();
    const url = urlOf({ server, lane });

    await create(server, url);
    await create(sender, url);

    expect(await failureIn(server)).toMatch(/of this mock itself$/);
    expect(await failureIn(sender)).toMatch(/of this mock itself$/);
    expect(lane.journal.events('connection.ended')).toEqual([]);
  });

  test('but the port of a lane that is over may be a receiver’s', async () => {
    await using server = await start();
    const lane = await server.openLane();
    await lane.close();
    const receiver = http.createServer((_request, response) => response.writeHead(204).end());
    await once(receiver.listen(Number(portOf(lane.url)), '127.0.0.1'), 'listening');

    await create(server, `http://localhost:${portOf(lane.url)}/`);

    expect(await server.journal.waitFor('callback.answered')).toMatchObject({ code: 204 });
    receiver.closeAllConnections();
    receiver.close();
  });

  test('but another mock in the same process is a receiver like any other', async () => {
    await using server = await start();
    await using other = await startMockServer({ profile: 'dual-stack' });

    await create(server, `${other.url}/hooks`);

    expect(await server.journal.waitFor('callback.answered')).toMatchObject({ code: 404 });
  });
});

describe('media are never fetched from a port of its own server', () => {
  const withVideo = (url: string) => ({
    ...textOnly,
    content: [...textOnly.content, { type: 'video_url', video_url: { url }, role: 'reference_video' }],
  });
  const media = { fetch: true, allow };

  test.each([
    ['the admin API', ({ adminUrl }: MockServer) => `${adminUrl}/ca.pem`],
    ['the DNS responder', ({ dns }: MockServer) => `http://${dns}/`],
  ])('%s', async (_what, urlOf) => {
    await using server = await start({ media }, { dnsPort: 0 });
    await using client = await openClient(server);

    const refused = await client.post(TASKS, withVideo(urlOf(server)));

    expect(refused.status).toBe(400);
    expect(JSON.parse(refused.text).error.message).toContain('resource download failed');
  });

  test('but a result, which lies on the storage port, is', async () => {
    await using server = await start({ media, tasks: { queued: '1s', running: '1s' } });
    await using client = await openClient(server);
    const { id } = JSON.parse((await client.post(TASKS, textOnly)).text);
    await server.clock.advance(2_000);
    const { content } = JSON.parse((await client.get(`${TASKS}/${id}`)).text);

    expect((await client.post(TASKS, withVideo(content.video_url))).status).toBe(200);
  });
});

describe('credentials of a cloud are out of reach', () => {
  test.each([
    '169.254.169.254',
    '169.254.0.1',
    '169.254.255.254',
    '[::ffff:169.254.169.254]',
    '[fe80::a9fe:a9fe]',
    '[fd00:ec2::254]',
    '[fd20:ce::254]',
  ])('a callback to %s is refused before it connects', async (host) => {
    await using server = await start({ callbacks: {} });

    await create(server, `http://${host}/latest/meta-data/`);

    expect(await failureIn(server)).toContain('is neither loopback nor private');
  });

  test('a callback to a name that leads there is refused', async () => {
    pointName('receiver.test', ['169.254.169.254']);
    await using server = await start({ callbacks: {} });

    await create(server, 'http://receiver.test/latest/meta-data/');

    expect(await failureIn(server)).toContain('receiver.test (169.254.169.254) is neither loopback nor private');
  });
});

test('a name is looked up once: what was checked is what is called', async () => {
  await using receiver = await Receiver.open();
  // No resolver knows the name, so that a second look would find nothing.
  const name = pointName('receiver.test', ['127.0.0.1']);
  await using server = await start({ callbacks: {} });

  await create(server, receiver.url.replace('localhost', 'receiver.test'));

  expect(await server.journal.waitFor('callback.answered')).toMatchObject({ code: 204 });
  expect(name.looks()).toBe(1);
});

test('of the addresses of a name only those are called that may be', async () => {
  await using receiver = await Receiver.open();
  const name = pointName('receiver.test', ['169.254.169.254', '127.0.0.1']);
  await using server = await start({ callbacks: {} });

  await create(server, receiver.url.replace('localhost', 'receiver.test'));

  expect(await server.journal.waitFor('callback.answered')).toMatchObject({ code: 204 });
  expect(name.looks()).toBe(1);
});
