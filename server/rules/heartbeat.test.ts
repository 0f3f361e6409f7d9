import { expect, test } from 'vitest';
import { type Client, openClient } from '../../client-tests/typescript/support/client.ts';
import { openHttp1Client } from '../../client-tests/typescript/support/http1.ts';
import { TASKS } from '../../client-tests/typescript/support/tasks.ts';
import { type MockServer, startMockServer } from '../index.ts';

const HEARTBEAT = '/api/v3/heartbeat';
const struck = { rule: 'heartbeat', connection: 1, line: 'http2: server: heartbeat 30s -> reset' };

/** The 8 bytes of a PING that carries a time. */
function timeInPing(ms: number): Buffer {
  const payload = Buffer.alloc(8);
  payload.writeBigUInt64BE(BigInt(ms));
  return payload;
}

/** Lets time pass while the client calls every 5 s, without a heartbeat. */
async function stayBusy(server: MockServer, client: Pick<Client, 'get'>, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 5_000) {
    await client.get(TASKS);
    await server.clock.advance(Math.min(5_000, left));
  }
}

test('A6: 30 s without a heartbeat are a reset, however busy the connection', async () => {
  await using server = await startMockServer({ clock: 'manual' });
  await using client = await openClient(server);
  await stayBusy(server, client, 29_999);
  expect(server.journal.events('rule.applied')).toEqual([]);

  await server.clock.advance(1);
  await client.closed;
  expect(client.transcript.at(-1)).toBe('RESET');
  expect(server.journal.events('rule.applied')).toMatchObject([struck]);
  expect(server.journal.events('connection.ended')).toMatchObject([
    { by: 'rule', how: 'reset', cause: 'heartbeat', ageMs: 30_000 },
  ]);
});

test('A6 holds for HTTP/1.1 in profile dual-stack', async () => {
  await using server = await startMockServer({ clock: 'manual', profile: 'dual-stack' });
  await using client = await openHttp1Client(server);
  for (let call = 0; call < 6; call++) {
    await client.get(TASKS);
    await server.clock.advance(5_000);
  }
  expect(await client.socket.ended()).toBe('reset');
  expect(server.journal.events('rule.applied')).toMatchObject([struck]);
});

const beats = [
  ['a PING that carries the time', 'ping', (client: Client, ms: number) => client.ping(timeInPing(ms))],
  [
    'x-client-timestamp in milliseconds',
    'header',
    (client: Client, ms: number) => client.get(TASKS, { 'x-client-timestamp': String(ms) }),
  ],
  [
    'x-client-timestamp in RFC 3339',
    'header',
    (client: Client, ms: number) => client.get(TASKS, { 'x-client-timestamp': new Date(ms).toISOString() }),
  ],
  [
    'POST /heartbeat in milliseconds',
    'endpoint',
    (client: Client, ms: number) => client.post(HEARTBEAT, { timestamp: ms }),
  ],
  [
    'POST /heartbeat in RFC 3339',
    'endpoint',
    (client: Client, ms: number) => client.post(HEARTBEAT, { timestamp: new Date(ms).toISOString() }),
  ],
] as const;

test.each(beats)('A6: %s is a heartbeat, as old as the client says', async (_title, source, beat) => {
  await using server = await startMockServer({ clock: 'manual', scenario: { service: { idle: 'off' } } });
  await using client = await openClient(server);
  await server.clock.advance(20_000);
  await beat(client, Date.now() - 5_000);
  const { ageMs } = await server.journal.waitFor('heartbeat', (event) => event.source === source);

  expect(ageMs).toBeGreaterThanOrEqual(5_000);
  await server.clock.advance(29_999 - ageMs);
  expect(server.journal.events('rule.applied')).toEqual([]);
  await server.clock.advance(1);
  await client.closed;
  expect(server.journal.events('rule.applied')).toMatchObject([struck]);
});

test.each(beats)('A6: %s from a client 31 s behind does not save it', async (_title, source, beat) => {
  await using server = await startMockServer({ clock: 'manual' });
  await using client = await openClient(server);
  await beat(client, Date.now() - 31_000);
  expect(await server.journal.waitFor('heartbeat')).toMatchObject({ source, judgedBy: 'client' });

  await server.clock.advance(1);
  await client.closed;
  expect(client.transcript.at(-1)).toBe('RESET');
  expect(server.journal.events('rule.applied')).toMatchObject([struck]);
});

test.each(beats)('`judgedBy: server` forgives %s from a client 31 s behind', async (_title, source, beat) => {
  await using server = await startMockServer({
    clock: 'manual',
    scenario: { service: { idle: 'off', heartbeat: { judgedBy: 'server' } } },
  });
  await using client = await openClient(server);
  await server.clock.advance(20_000);
  await beat(client, Date.now() - 31_000);
  expect(await server.journal.waitFor('heartbeat')).toMatchObject({ source, ageMs: 0, judgedBy: 'arrival' });

  await server.clock.advance(29_999);
  expect(server.journal.events('rule.applied')).toEqual([]);
  await server.clock.advance(1);
  await client.closed;
  expect(server.journal.events('rule.applied')).toMatchObject([struck]);
});

test.each([
  ['zeros', Buffer.alloc(8)],
  ['text', Buffer.from('opaque!!')],
  ['a time in seconds', timeInPing(Math.floor(Date.now() / 1_000))],
])('A6: a PING of %s counts by its arrival', async (_title, payload) => {
  await using server = await startMockServer({ clock: 'manual', scenario: { service: { idle: 'off' } } });
  await using client = await openClient(server);
  await server.clock.advance(20_000);
  await client.ping(payload);
  expect(server.journal.events('heartbeat')).toMatchObject([{ source: 'ping', ageMs: 0, judgedBy: 'arrival' }]);

  await server.clock.advance(29_999);
  expect(server.journal.events('rule.applied')).toEqual([]);
  await server.clock.advance(1);
  await client.closed;
  expect(server.journal.events('rule.applied')).toMatchObject([struck]);
});

test('a heartbeat keeps the one connection it came on', async () => {
  await using server = await startMockServer({ clock: 'manual', scenario: { service: { idle: 'off' } } });
  await using beating = await openClient(server);
  await using silent = await openClient(server);
  await server.clock.advance(15_000);
  await beating.ping();
  await server.clock.advance(15_000);

  await silent.closed;
  expect(silent.transcript).toEqual(['RESET']);
  expect(beating.transcript).toEqual(['PING ACK']);
});

test('POST /heartbeat refuses what is no time', async () => {
  await using server = await startMockServer();
  await using client = await openClient(server);
  expect(await client.post(HEARTBEAT, { timestamp: 'yesterday' })).toMatchObject({ status: 400 });
  expect(await client.post(HEARTBEAT, {})).toMatchObject({ status: 200, text: '{}' });
  expect(server.journal.events('heartbeat')).toMatchObject([{ source: 'endpoint', judgedBy: 'arrival' }]);
});

test('profile permissive asks for no heartbeat', async () => {
  await using server = await startMockServer({ clock: 'manual', profile: 'permissive' });
  await using client = await openClient(server);
  await client.ping(timeInPing(Date.now() - 60_000));
  await server.clock.advance(60_000);
  expect(await client.get(TASKS)).toMatchObject({ status: 200 });
});

test.each([
  ['that is no time', 'now, please', 'now, please'],
  ['in seconds', String(Math.floor(Date.now() / 1_000)), expect.stringMatching(/^\d{10}$/)],
  ['that is long', 'x'.repeat(100), 'x'.repeat(40)],
])('A6: x-client-timestamp %s counts by its arrival, and the journal says so', async (_what, value, unreadable) => {
  await using server = await startMockServer({ clock: 'manual', scenario: { service: { idle: 'off' } } });
  await using client = await openClient(server);
  await client.get(TASKS, { 'x-client-timestamp': value });
  expect(await server.journal.waitFor('heartbeat')).toMatchObject({ ageMs: 0, judgedBy: 'arrival', unreadable });
  await client.get(TASKS, { 'x-client-timestamp': String(Date.now()) });
  expect(server.journal.events('heartbeat').map((beat) => beat.unreadable)).toEqual([unreadable, undefined]);
});

test('`judgedBy: server` reads no times', async () => {
  const service = { idle: 'off', heartbeat: { judgedBy: 'server' } } as const;
  await using server = await startMockServer({ clock: 'manual', scenario: { service } });
  await using client = await openClient(server);
  await client.get(TASKS, { 'x-client-timestamp': 'soon' });
  expect((await server.journal.waitFor('heartbeat')).unreadable).toBeUndefined();
});
