import net from 'node:net';
import { Agent, request } from 'undici';
import { expect, test } from 'vitest';
import { type MockServer, type ScenarioInput, startMockServer } from '../../server/index.ts';
import { openClient } from './support/client.ts';
import { openServe, startMock } from './support/command-line.ts';
import { makeClientHello, openRawSocket } from './support/sockets.ts';
import { TASKS } from './support/tasks.ts';

type FaultInput = NonNullable<ScenarioInput['faults']>[number];
const start = (fault: FaultInput) => startMockServer({ clock: 'manual', scenario: { faults: [fault] } });

/** How a connect ends, and nothing after it. */
async function knock(server: MockServer): Promise<string> {
  await using socket = await openRawSocket(server);
  return socket.end;
}

const doors = (server: MockServer) =>
  server.journal.events().flatMap(({ type }) => (type.startsWith('listener.') ? [type] : []));

test('`refuse` closes the port for a time that no connection strikes; connections that are open stay', async () => {
  await using server = await start({ name: 'down', on: 'accept', when: { from: '5s', to: '20s' }, inject: ['refuse'] });
  await using early = await openClient(server);
  await server.clock.advance(5_000);
  expect(await knock(server)).toBe('ECONNREFUSED');
  expect(await early.get(TASKS)).toMatchObject({ status: 200 });
  expect(server.journal.events('fault.injected')).toMatchObject([{ fault: 'down', did: 'refuse connections' }]);
  expect(server.journal.events('listener.closed')).toMatchObject([{ cause: 'down' }]);
  await early.close();

  await server.clock.advance(14_999);
  expect(await knock(server)).toBe('ECONNREFUSED');
  await server.clock.advance(1);
  await using late = await openClient(server);
  expect(await late.get(TASKS)).toMatchObject({ status: 200 });
  expect(doors(server)).toEqual(['listener.closed', 'listener.opened']);
});

test('`refuse` for so long from a time on strikes once', async () => {
  await using server = await start({
    name: 'down',
    on: 'accept',
    when: { from: '5s' },
    inject: [{ refuse: { for: '10s' } }],
  });
  await server.clock.advance(15_000 - 1);
  expect(await knock(server)).toBe('ECONNREFUSED');
  await server.clock.advance(1);
  expect(await knock(server)).toBe('open');
  await server.clock.advance(60_000);
  expect(await knock(server)).toBe('open');
});

test('`refuse` can strike at a connection, which is reset, and closes the port behind it', async () => {
  await using server = await start({
    name: 'crash',
    on: 'accept',
    when: { nth: 2 },
    inject: [{ refuse: { for: '10s' } }],
  });
  await using first = await openClient(server);
  await using second = await openRawSocket(server);
  expect(await second.ended()).toBe('reset');
  expect(await knock(server)).toBe('ECONNREFUSED');
  expect(server.journal.events('connection.ended')).toMatchObject([{ connection: 2, by: 'fault', cause: 'crash' }]);
  expect(await first.get(TASKS)).toMatchObject({ status: 200 });

  await server.clock.advance(10_000);
  await using third = await openClient(server);
  expect(await third.get(TASKS)).toMatchObject({ status: 200 });
});

test('`refuse` from the first moment is over when it is disarmed', async () => {
  await using server = await start({ name: 'down', on: 'accept', inject: ['refuse'] });
  expect(await knock(server)).toBe('ECONNREFUSED');
  await fetch(`${server.adminUrl}/faults/down`, { method: 'DELETE' });
  expect(await knock(server)).toBe('open');
});

test('a server whose port is closed shuts down', async () => {
  const server = await start({ name: 'down', on: 'accept', inject: ['refuse'] });
  await server.close();
  expect(await knock(server)).toBe('ECONNREFUSED');
});

test('`limit` can close the port while so many are open', async () => {
  await using server = await start({ name: 'full', on: 'accept', inject: [{ limit: { max: 2, overflow: 'refuse' } }] });
  await using first = await openClient(server);
  await using second = await openClient(server);
  expect(await knock(server)).toBe('ECONNREFUSED');
  expect(await first.get(TASKS)).toMatchObject({ status: 200 });

  await second.close();
  await server.journal.waitFor('listener.opened');
  await using third = await openClient(server);
  expect(await third.get(TASKS)).toMatchObject({ status: 200 });
  expect(await knock(server)).toBe('ECONNREFUSED');
});

test('`limit` can let connections wait, and serves them in their order', async () => {
  await using server = await start({ name: 'full', on: 'accept', inject: [{ limit: { max: 1, overflow: 'queue' } }] });
  await using first = await openClient(server);
  const hello = await makeClientHello({ alpn: ['h2'] });
  await using second = await openRawSocket(server);
  await second.write(hello);
  await server.journal.waitFor('connection.queued', ({ connection }) => connection === 2);
  await using third = await openRawSocket(server);
  await third.write(hello);
  expect(await server.journal.waitFor('connection.queued', (event) => event.connection === 3)).toMatchObject({
    place: 2,
    by: 'fault',
    cause: 'full',
  });
  // Longer than the idle rule and the limit of the handshake would bear: the service knows nothing of them yet.
  for (let seconds = 5; seconds <= 35; seconds += 5) {
    await server.clock.advance(5_000);
    const beat = Buffer.alloc(8);
    beat.writeBigUInt64BE(BigInt(Date.now()));
    await first.ping(beat);
  }
  expect([second.bytesRead, third.bytesRead]).toEqual([0, 0]);

  await first.close();
  await second.until(() => second.bytesRead > 0);
  expect(await server.journal.waitFor('connection.released')).toMatchObject({ connection: 2, waitedMs: 35_000 });
  expect(third.bytesRead).toBe(0);
  second.reset();
  await third.until(() => third.bytesRead > 0);
  expect(server.journal.events('rule.applied')).toEqual([]);
});

test('who waits is let in when the limit goes', async () => {
  await using server = await start({ name: 'full', on: 'accept', inject: [{ limit: { max: 1, overflow: 'queue' } }] });
  await using _first = await openClient(server);
  const opening = openClient(server);
  await server.journal.waitFor('connection.queued');
  await fetch(`${server.adminUrl}/faults/full`, { method: 'DELETE' });
  await using second = await opening;
  expect(await second.get(TASKS)).toMatchObject({ status: 200 });
});

test('who leaves while it waits makes room in the queue', async () => {
  await using server = await start({ name: 'full', on: 'accept', inject: [{ limit: { max: 1, overflow: 'queue' } }] });
  await using first = await openClient(server);
  await using second = await openRawSocket(server);
  await server.journal.waitFor('connection.queued');
  second.reset();
  expect(await server.journal.waitFor('connection.ended')).toMatchObject({ connection: 2, by: 'client' });
  const opening = openClient(server);
  expect(await server.journal.waitFor('connection.queued', (event) => event.connection === 3)).toMatchObject({
    place: 1,
  });
  await first.close();
  await using third = await opening;
  expect(await third.get(TASKS)).toMatchObject({ status: 200 });
});

/** The connections that the service itself has reset. */
const resetsOfOurs = ({ journal }: MockServer) =>
  journal.events('connection.ended').filter(({ by, how }) => how === 'reset' && by !== 'client');

/** Asks more at once than the service lets connections be open.
 * @returns the codes of the first failures, so many as are wanted */
async function exhaust(server: MockServer, wanted: number): Promise<readonly string[]> {
  const dispatcher = new Agent({ allowH2: false, connections: 4, connect: { ca: server.ca, timeout: 1_000 } });
  const codes: string[] = [];
  try {
    await new Promise<void>((resolve) => {
      for (let call = 1; call <= 4; call++) {
        request(`${server.url}${TASKS}`, { dispatcher }).catch((error: NodeJS.ErrnoException) => {
          codes.push(String(error.code));
          if (codes.length === wanted) resolve();
        });
      }
    });
    return codes.slice(0, wanted);
  } finally {
    await dispatcher.destroy();
  }
}

test.each([
  ['queue', 'UND_ERR_CONNECT_TIMEOUT', 'connection.queued'],
  ['hang', 'UND_ERR_CONNECT_TIMEOUT', 'connection.hung'],
] as const)(
  'B10: more calls than connections, `%s`: looks like %s, and the journal has no reset',
  async (overflow, code, type) => {
    await using server = await startMockServer({
      profile: 'permissive',
      scenario: {
        faults: [
          { name: 'full', on: 'accept', inject: [{ limit: { max: 1, overflow } }] },
          // Who is served keeps its connection for long.
          { name: 'long', on: 'request', inject: [{ delay: { ms: '20s' } }] },
        ],
      },
    });
    expect(await exhaust(server, 3)).toEqual(Array(3).fill(code));
    expect(server.journal.events(type).map(({ connection }) => connection)).toEqual([2, 3, 4]);
    expect(server.journal.events(type)[0]).toMatchObject({ by: 'fault', cause: 'full' });
    expect(resetsOfOurs(server)).toEqual([]);
  },
);

test('B10: a reset that we did send says so', async () => {
  await using server = await startMockServer({
    profile: 'permissive',
    scenario: { faults: [{ name: 'full', on: 'accept', inject: [{ limit: { max: 1, overflow: 'reset' } }] }] },
  });
  await using _first = await openRawSocket(server);
  expect(await exhaust(server, 4)).toEqual(Array(4).fill('ECONNRESET'));
  expect(resetsOfOurs(server).length).toBeGreaterThanOrEqual(4);
  expect(resetsOfOurs(server)[0]).toMatchObject({ by: 'fault', cause: 'full' });
});

test('a port that `POST /faults` closes and `DELETE` opens is closed and open once they are answered', async () => {
  // Within one process the answer would come late enough by itself.
  await using serving = await openServe([], startMock);
  const { adminUrl } = serving.ready;
  const port = Number(new URL(serving.url).port);
  const dial = () =>
    new Promise<string>((resolve) => {
      const socket = net.connect(port, '127.0.0.1');
      socket.once('connect', () => resolve('connected')).once('error', ({ message }) => resolve(message));
      socket.once('connect', () => socket.destroy());
    });
  const seen: string[] = [];
  for (let round = 0; round < 10; round++) {
    const fault = '{"name":"shut","on":"accept","inject":[{"refuse":{"for":"1h"}}]}';
    await fetch(`${adminUrl}/faults`, { method: 'POST', body: fault });
    seen.push(await dial());
    await fetch(`${adminUrl}/faults/shut`, { method: 'DELETE' });
    seen.push(await dial());
  }
  expect(new Set(seen.filter((_, index) => index % 2 === 0))).toEqual(
    new Set([expect.stringContaining('ECONNREFUSED')]),
  );
  expect(new Set(seen.filter((_, index) => index % 2 === 1))).toEqual(new Set(['connected']));
});
