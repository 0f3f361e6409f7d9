import { access, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { openClient } from '../client-tests/typescript/support/client.ts';
import { openHttp1Client, writeRequest } from '../client-tests/typescript/support/http1.ts';
import { openRawSocket, openTlsSocket } from '../client-tests/typescript/support/sockets.ts';
import { TASKS, textOnly } from '../client-tests/typescript/support/tasks.ts';
import { type MockServer, startMockServer, UsageError } from './index.ts';

const busy = (probability: number) => ({
  faults: [{ name: 'busy', on: 'request' as const, when: { probability }, inject: [{ status: { code: 503 } }] }],
});

test('it needs nothing to start: free ports, a seed, a CA in hand and in a file', async () => {
  await using server = await startMockServer();
  expect(server.url).toMatch(/^https:\/\/localhost:\d{2,5}$/);
  expect(server.adminUrl).toMatch(/^http:\/\/localhost:\d{2,5}$/);
  expect(server.seed).toEqual(expect.any(Number));
  expect(await readFile(server.caFile, 'utf8')).toBe(server.ca);
  await using client = await openClient(server);
  expect(await client.post(TASKS, textOnly)).toMatchObject({ status: 200 });
});

test.each([
  { host: '' },
  { adminHost: '' },
  { adminHost: ' ', adminToken: 'open sesame' },
  { adminToken: '' },
  { publicUrl: '' },
  { otlp: '' },
  { upstream: '' },
  { upstream: 'https://localhost:9443', upstreamCa: '' },
  { keylog: '' },
  { certName: ['localhost', ''] },
  { dnsPort: 0, dnsName: [''] },
])('a blank option is refused: %j', async (options) => {
  await expect(startMockServer(options)).rejects.toMatchObject({
    problems: [{ code: 'INVALID_OPTION', message: expect.stringMatching(/^\w+ does not take " ?"\.$/) }],
  });
});

test('several live side by side, each in a world of its own', async () => {
  await using healthy = await startMockServer({ seed: 1, clock: 'manual' });
  await using broken = await startMockServer({ seed: 2, clock: 'manual', scenario: busy(1) });
  await using toHealthy = await openClient(healthy);
  await using toBroken = await openClient(broken);

  const { text } = await toHealthy.post(TASKS, textOnly);
  expect(await toBroken.post(TASKS, textOnly)).toMatchObject({ status: 503 });
  expect(JSON.parse((await toHealthy.get(TASKS)).text)).toMatchObject({ total: 1, items: [JSON.parse(text)] });
  expect(broken.journal.events('task.created')).toEqual([]);
  expect(healthy.journal.events('fault.injected')).toEqual([]);

  const before = healthy.clock.now();
  await broken.clock.advance(8_000);
  await toBroken.closed;
  expect(healthy.clock.now()).toBe(before);
  expect(await toHealthy.get(TASKS)).toMatchObject({ status: 200 });
  // All but the certificate authority, which a process makes once.
  expect(healthy.ca).toBe(broken.ca);
});

test('one that closes leaves the others alone', async () => {
  await using stays = await startMockServer();
  await using client = await openClient(stays);
  const goes = await startMockServer();
  await goes.close();
  expect(await client.get(TASKS)).toMatchObject({ status: 200 });
});

test('the same seed gives the same strikes, over another server and another start', async () => {
  const strikesOf = async (options: { seed?: number }) => {
    await using server = await startMockServer({ ...options, scenario: busy(0.5) });
    await using client = await openClient(server);
    for (let call = 0; call < 24; call++) await client.get(TASKS);
    return { seed: server.seed, ordinals: server.journal.events('fault.injected').map(({ ordinal }) => ordinal) };
  };
  const chosen = await strikesOf({});
  expect(await strikesOf({ seed: chosen.seed })).toEqual(chosen);
});

test('options take the place of what the scenario says', async () => {
  const scenario = { seed: 1, profile: 'seedance', clock: { speed: 2 } } as const;
  await using server = await startMockServer({ scenario, seed: 5, profile: 'permissive', clock: 'manual' });
  expect(server.seed).toBe(5);
  expect(server.clock.mode).toBe('manual');
  await using socket = await openTlsSocket(server, { alpn: ['http/1.1'] });
  expect(socket.secured).toMatchObject({ alpn: 'http/1.1' });
});

test('it closes once, however often it is told, and takes its file along', async () => {
  const server = await startMockServer();
  await Promise.all([server.close(), server.close()]);
  await server.close();
  await server[Symbol.asyncDispose]();
  await expect(access(server.caFile)).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(fetch(server.adminUrl)).rejects.toThrow();
  expect(await (await openRawSocket(server)).ended()).toBe('ECONNREFUSED');
});

test('a port that is taken leaves nothing behind: the other one is free again', async () => {
  await using holder = await startMockServer();
  const taken = Number(new URL(holder.url).port);
  const probe = await startMockServer();
  const free = Number(new URL(probe.adminUrl).port);
  await probe.close();

  await expect(startMockServer({ port: taken, adminPort: free })).rejects.toThrow(UsageError);
  await using after = await startMockServer({ adminPort: free });
  expect(after.adminUrl).toBe(`http://localhost:${free}`);
});

const ends = (server: MockServer) =>
  server.journal
    .events('connection.ended')
    .map(({ connection, by, how, requests }) => ({ connection, by, how, open: requests.length }))
    .sort((one, other) => one.connection - other.connection);

test('shutdown lets an idle connection go with GOAWAY and FIN', async () => {
  const server = await startMockServer();
  await using client = await openClient(server);
  await client.get(TASKS);
  await server.close();
  await client.closed;
  expect(client.transcript.slice(3)).toEqual(['GOAWAY NO_ERROR last=1', 'FIN']);
  expect(ends(server)).toEqual([{ connection: 1, by: 'shutdown', how: 'goaway', open: 0 }]);
});

test('shutdown lets a call in flight finish', async () => {
  const server = await startMockServer({
    clock: 'manual',
    scenario: { faults: [{ name: 'late', on: 'response', inject: [{ delay: { ms: '1s' } }] }] },
  });
  await using client = await openClient(server);
  const reply = client.get(TASKS);
  await server.clock.waiting(1_000);
  const closed = server.close();
  await client.saw('GOAWAY NO_ERROR last=1');
  await server.clock.advance(1_000);

  expect((await reply).frames).toEqual(['HEADERS 200', 'DATA 22', 'END_STREAM']);
  await closed;
  expect(ends(server)).toEqual([{ connection: 1, by: 'shutdown', how: 'goaway', open: 0 }]);
});

test('shutdown resets what will not end: calls that wait, hang, answer no FIN, or never spoke', async () => {
  const server = await startMockServer({
    clock: 'manual',
    profile: 'dual-stack',
    scenario: {
      faults: [
        { name: 'late', on: 'request', match: { method: 'POST' }, inject: [{ delay: { ms: '30s' } }] },
        {
          name: 'stuck',
          on: 'request',
          match: { path: `${TASKS}/stuck` },
          inject: [{ end: { at: 'headers', how: 'hang' } }],
        },
        { name: 'void', on: 'accept', when: { nth: 5 }, inject: ['hang'] },
      ],
    },
  });
  await using waiting = await openClient(server);
  void waiting.post(TASKS, textOnly, { 'x-async-trace-id': 'trace-1' });
  await server.clock.waiting(30_000);
  await using hanging = await openClient(server);
  void hanging.get(`${TASKS}/stuck`);
  await server.journal.waitFor('response.abandoned');
  await using hanging1 = await openHttp1Client(server);
  await hanging1.socket.write(writeRequest('GET', `${TASKS}/stuck`));
  await server.journal.waitFor('response.abandoned', ({ connection }) => connection === 3);
  await using stubborn = await openTlsSocket(server, { alpn: ['http/1.1'] });
  await server.journal.waitFor('connection.secured', ({ connection }) => connection === 4);
  await using accepted = await openRawSocket(server);
  await server.journal.waitFor('fault.injected', ({ fault }) => fault === 'void');
  await using silent = await openRawSocket(server);
  await server.journal.waitFor('connection.opened', ({ connection }) => connection === 6);

  await server.close();
  expect(ends(server)).toEqual([
    { connection: 1, by: 'shutdown', how: 'reset', open: 1 },
    { connection: 2, by: 'shutdown', how: 'reset', open: 1 },
    { connection: 3, by: 'shutdown', how: 'reset', open: 1 },
    { connection: 4, by: 'shutdown', how: 'reset', open: 0 },
    { connection: 5, by: 'shutdown', how: 'reset', open: 0 },
    { connection: 6, by: 'shutdown', how: 'reset', open: 0 },
  ]);
  expect(await server.journal.waitFor('connection.ended', ({ connection }) => connection === 1)).toMatchObject({
    requests: [{ method: 'POST', asyncTraceId: 'trace-1' }],
  });
  await Promise.all([waiting.closed, hanging.closed]);
  expect([waiting.transcript[0], waiting.transcript.at(-1)]).toEqual(['GOAWAY NO_ERROR last=1', 'RESET']);
  expect(hanging.transcript).toEqual(['HEADERS 404', 'RESET']);
  expect(await hanging1.socket.ended()).toBe('reset');
  expect(await stubborn.probe()).toBe('reset');
  expect(await accepted.ended()).toBe('reset');
  expect(await silent.probe()).toBe('reset');
});

test.each([0, -1, 1.5, Number.NaN, 2_000_001])('a journal of %d events is refused', async (journalCapacity) => {
  await expect(startMockServer({ journalCapacity })).rejects.toMatchObject({
    problems: [{ code: 'INVALID_OPTION', message: `journalCapacity does not take "${journalCapacity}".` }],
  });
});
