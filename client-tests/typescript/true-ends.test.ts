import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { frameTypes } from '../../server/faults/frame-types.ts';
import { type MockServer, startMockServer } from '../../server/index.ts';
import type { Met } from './clients/ends.ts';
import { openClient } from './support/client.ts';
import { openRawHttp2, type RawHttp2 } from './support/raw-http2.ts';
import { leaveOpenSsl } from './support/sockets.ts';
import { TASKS } from './support/tasks.ts';

/** What the journal says of an end is what the client met on the wire. */

const endOf = (server: MockServer, connection: number) =>
  server.journal.waitFor('connection.ended', (event) => event.connection === connection);

/** Runs a client in a process of its own. */
async function runClient(way: 'wait' | 'close', { url, caFile }: MockServer, runs: number) {
  const script = join(import.meta.dirname, 'clients/ends.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [script, way, url, caFile, String(runs)]);
  return JSON.parse(stdout) as readonly Met[];
}

/** More than any kernel keeps for one connection. */
const WIDE = { windowBytes: 2 ** 30 };
const CALLS = 120;
/** Of these: once its own queue is full, Node reads no further. */
const CALLS_READ = 20;

/** Asks for many answers of 195 KB and reads none of them. */
async function stall(server: MockServer): Promise<RawHttp2> {
  const client = await openRawHttp2(server, WIDE);
  client.socket.stopReading();
  for (let call = 0; call < CALLS; call++) await client.request(1 + 2 * call, 'GET', TASKS);
  await server.journal.waitFor('request.received', ({ request }) => request === CALLS_READ);
  return client;
}

const bulky = { on: 'response', inject: [{ status: { code: 500, body: { text: '€'.repeat(65_000) } } }] } as const;

test.each(['DELETE /connections', 'a fault'] as const)(
  'a FIN by %s that a client keeps from being sent becomes a reset, and is recorded as one',
  async (by) => {
    const cut = { on: 'request', when: { nth: CALLS_READ }, inject: [{ end: { at: 'headers', how: 'fin' } }] } as const;
    const faults = by === 'a fault' ? [bulky, cut] : [bulky];
    await using server = await startMockServer({ profile: 'permissive', scenario: { faults } });
    await using _client = await stall(server);
    if (by !== 'a fault') await fetch(`${server.adminUrl}/connections/1?how=fin`, { method: 'DELETE' });
    expect(await endOf(server, 1)).toMatchObject({ by: by === 'a fault' ? 'fault' : 'admin', how: 'reset' });
  },
);

test.each([{ bodyBytes: 40 }, 'headers'] as const)(
  'a planned reset at %j of a fresh connection reaches a client in all of 10 runs, with all before it',
  async (at) => {
    const faults = [{ on: 'request', inject: [{ status: { code: 503 } }, { end: { at, how: 'reset' } }] }] as const;
    await using server = await startMockServer({ scenario: { faults } });
    const met = { status: 503, bytes: at === 'headers' ? 0 : 40, errors: ['ECONNRESET'] };
    expect(await runClient('wait', server, 10)).toEqual(Array(10).fill(met));
  },
);

test('a reset by an admin of a connection that is not greeted yet reaches the client', async () => {
  await using server = await startMockServer();
  const stop = server.journal.subscribe((event) => {
    if (event.type !== 'connection.secured') return;
    void fetch(`${server.adminUrl}/connections/${event.connection}?how=reset`, { method: 'DELETE' });
  });
  const met = await runClient('wait', server, 10);
  stop();
  expect(met.map(({ errors }) => errors)).toEqual(Array(10).fill(['ECONNRESET']));
});

test.each(['real', 'manual'] as const)(
  'a client that never acknowledges the SETTINGS is reset all the same, also while the clock is %s',
  async (mode) => {
    const faults = [{ on: 'request', inject: [{ end: { at: 'headers', how: 'reset' } }] }] as const;
    await using server = await startMockServer({ scenario: { faults }, ...(mode === 'manual' && { clock: mode }) });
    await using client = await openRawHttp2(server, { acknowledges: false });
    await client.request(1, 'GET', TASKS);
    expect(await client.socket.ended()).toBe('reset');
    expect(await endOf(server, 1)).toMatchObject({ by: 'fault', how: 'reset' });
  },
);

const CUT_BYTES = 169_000;

test(`an answer cut at byte ${CUT_BYTES} arrives to that byte in all of 10 runs, as the journal says`, async () => {
  // In UTF-8 three bytes each.
  const long = { status: { code: 500, body: { text: '€'.repeat(60_000) } } };
  const cut = { on: 'request', inject: [long, { end: { at: { bodyBytes: CUT_BYTES }, how: 'reset' } }] } as const;
  await using server = await startMockServer({ scenario: { faults: [cut] } });
  for (let run = 1; run <= 10; run++) {
    await using client = await openRawHttp2(server, WIDE);
    await client.request(1, 'GET', TASKS);
    expect(await client.socket.ended()).toBe('reset');
    const bytes = client.frames.filter(({ type }) => type === frameTypes.DATA).map(({ payload }) => payload.byteLength);
    expect({ run, bytes: bytes.reduce((sum, one) => sum + one, 0) }).toEqual({ run, bytes: CUT_BYTES });
    await server.journal.waitFor('response.abandoned', (event) => event.connection === run);
  }
  const said = server.journal.events('response.abandoned').map(({ how, bytes }) => `${how} ${bytes}`);
  expect(said).toEqual(Array(10).fill(`reset ${CUT_BYTES}`));
});

test('an orderly end by the client, a GOAWAY and FINs both ways, is none by reset in any of 40', async () => {
  await using server = await startMockServer();
  await runClient('close', server, 40);
  for (let n = 1; n <= 40; n++) expect(await endOf(server, n)).toMatchObject({ by: 'client', how: 'goaway' });
});

/** Holds up this process, as SIGSTOP or a long garbage collection would. */
const pause = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

test.each([
  ['idle', { idle: { after: '500ms' }, heartbeat: 'off' }],
  ['heartbeat', { heartbeat: { within: '500ms' }, idle: 'off' }],
] as const)('the %s rule spares a client whose PING came while the process was held up', async (_rule, service) => {
  await using server = await startMockServer({ clock: 'manual', scenario: { service } });
  await using client = await openRawHttp2(server);
  server.clock.setSpeed(1);
  for (let times = 1; times <= 3; times++) {
    // The server has looked at what came before.
    await (await fetch(`${server.adminUrl}/connections`)).json();
    // Outside of OpenSSL's callbacks, so that the PING is with the kernel before the pause, and not read by the server.
    await leaveOpenSsl();
    void client.send('PING', { payload: Buffer.alloc(8) });
    pause(600);
    await client.saw('PING ACK', times);
  }
  expect(server.journal.events('connection.ended')).toEqual([]);
});

test('permissive: each client that resets its connection right behind its calls is seen to have gone', async () => {
  await using server = await startMockServer({ clock: 20, profile: 'permissive', scenario: { faults: [bulky] } });
  for (let n = 1; n <= 20; n++) {
    const client = await openClient(server);
    for (let call = 0; call < 3; call++) void client.get(TASKS);
    // node:http2 sends what it has at the end of this turn of the loop.
    await setImmediate();
    await client.reset();
  }
  for (let n = 1; n <= 20; n++) expect(await endOf(server, n)).toMatchObject({ by: 'client', how: 'reset' });
});
