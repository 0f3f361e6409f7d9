import { expect, test } from 'vitest';
import { frameTypes } from '../../server/faults/frame-types.ts';
import { type MockServer, startMockServer } from '../../server/index.ts';
import type { FaultInput } from '../../server/scenario/load.ts';
import { openClient } from './support/client.ts';
import { openRawHttp2 } from './support/raw-http2.ts';
import { TASKS, textOnly } from './support/tasks.ts';

const LIST = ['HEADERS 200', 'DATA 22', 'END_STREAM'];
type SessionFault = Extract<FaultInput, { on: 'session' }>;

const start = (...inject: SessionFault['inject']) =>
  startMockServer({ clock: 'manual', seed: 7, scenario: { faults: [{ name: 'frames', on: 'session', inject }] } });

const tampered = (server: MockServer) =>
  server.journal.events('frame.tampered').map(({ direction, frame, did }) => `${did} ${frame} ${direction}`);

test('`ping-silence` answers requests, and no PING', async () => {
  await using server = await start('ping-silence');
  await using client = await openClient(server);
  const ping = client.ping().catch(() => 'never answered');
  expect((await client.get(TASKS)).frames).toEqual(LIST);
  expect(client.transcript).not.toContain('PING ACK');
  expect(tampered(server)).toEqual(['drop PING ACK to-client']);
  // It is a heartbeat all the same.
  expect(server.journal.events('heartbeat')).toHaveLength(1);
  await client[Symbol.asyncDispose]();
  expect(await ping).toBe('never answered');
});

test.each([
  ['ping-flood', 'PING'],
  ['settings-flood', 'SETTINGS'],
] as const)('`%s` sends as many as it says, and takes the acknowledgements', async (fault, frame) => {
  await using server = await start({ [fault]: { count: 50 } } as unknown as 'ping-silence');
  await using client = await openRawHttp2(server);
  const own = fault === 'settings-flood' ? 1 : 0;
  await client.saw(frame, 50 + own);
  const added = client.frames.filter(({ type, flags }) => type === frameTypes[frame] && (flags & 1) === 0).slice(own);
  for (const { payload } of added) await client.send(frame, { flags: 1, payload });
  await client.request(1, 'GET', TASKS);
  await client.saw('DATA 22 on 1');
  expect(client.transcript.filter((seen) => seen === frame)).toHaveLength(50 + own);
  expect(client.transcript).not.toContain('GOAWAY');
});

test('a flood keeps its pace', async () => {
  await using server = await start({ 'ping-flood': { count: 3, perSecond: 2 } });
  await using client = await openRawHttp2(server);
  await client.saw('PING', 1);
  for (const seen of [2, 3]) {
    await server.clock.waiting(500);
    await server.clock.advance(500);
    await client.saw('PING', seen);
  }
});

test('`window-stall` lets a download come to a standstill at 65,535 bytes, though the client gives it room', async () => {
  await using server = await startMockServer({
    clock: 'manual',
    scenario: {
      tasks: { queued: '0s', running: '0s' },
      faults: [{ on: 'session', when: { nth: 2 }, inject: [{ 'window-stall': { direction: 'download' } }] }],
    },
  });
  await using client = await openClient(server);
  const { id } = JSON.parse((await client.post(TASKS, textOnly)).text);
  await server.clock.advance(1);
  const { content } = JSON.parse((await client.get(`${TASKS}/${id}`)).text);
  const { pathname, search } = new URL(content.video_url);

  await using download = await openClient(server);
  void download.get(`${pathname}${search}`);
  await download.saw('DATA 65535');
  // The connection is sound; what has no body gets through.
  await download.ping();
  expect(download.transcript).toEqual(['HEADERS 200', 'DATA 65535', 'PING ACK']);
});

test('`window-stall` lets an upload come to a standstill, though it is read', async () => {
  await using server = await start({ 'window-stall': { direction: 'upload' } });
  await using client = await openRawHttp2(server);
  await client.request(1, 'POST', TASKS, { 'content-type': 'application/json' });
  for (let sent = 0; sent < 4; sent++) {
    await client.send('DATA', { stream: 1, payload: Buffer.alloc(sent < 3 ? 16_384 : 16_383, 0x20) });
  }
  await client.send('PING', { payload: Buffer.alloc(8) });
  await client.saw('PING ACK');
  expect(client.transcript.filter((seen) => seen.startsWith('WINDOW_UPDATE'))).toEqual([]);
  expect(tampered(server)).toContain('drop WINDOW_UPDATE to-client');
});

test('`settings` announces what it is told, and holds the client to it', async () => {
  await using server = await start({ settings: { initialWindowSize: 0, maxFrameSize: 20_000 } });
  await using client = await openRawHttp2(server);
  const [announced] = client.frames;
  const entries = new Map<number, number>();
  const bytes = Buffer.from(announced?.payload ?? []);
  for (let at = 0; at < bytes.length; at += 6) entries.set(bytes.readUInt16BE(at), bytes.readUInt32BE(at + 2));
  // RFC 9113, section 6.5.2.
  expect(entries.get(0x4)).toBe(0);
  expect(entries.get(0x5)).toBe(20_000);

  await client.request(1, 'POST', TASKS, { 'content-type': 'application/json' });
  await client.send('DATA', { stream: 1, payload: Buffer.from('{}') });
  await client.saw('GOAWAY');
  expect(client.frames.at(-1)?.payload).toEqual(Buffer.from([0, 0, 0, 1, 0, 0, 0, 3])); // FLOW_CONTROL_ERROR
});

test('`max-streams` cuts the limit while streams are open, and they finish', async () => {
  await using server = await startMockServer({
    clock: 'manual',
    scenario: {
      faults: [
        { on: 'session', inject: [{ 'max-streams': { max: 1, after: 2 } }] },
        { name: 'late', on: 'request', when: { first: 2 }, inject: [{ delay: { ms: '1s' } }] },
      ],
    },
  });
  await using client = await openRawHttp2(server);
  await client.request(1, 'GET', TASKS);
  await client.request(3, 'GET', TASKS);
  await client.saw('SETTINGS', 2);
  expect(client.frames.findLast(({ type }) => type === 4)?.payload).toEqual(Buffer.from([0, 3, 0, 0, 0, 1]));
  // Above the limit, and not acknowledged yet: RFC 9113, section 5.1.2.
  await client.request(5, 'GET', TASKS);
  await client.saw('RST_STREAM on 5');
  expect(client.frames.at(-1)?.payload).toEqual(Buffer.from([0, 0, 0, 7])); // REFUSED_STREAM

  await server.clock.waiting(1_000);
  await server.clock.advance(1_000);
  await client.saw('DATA 22 on 1');
  await client.saw('DATA 22 on 3');
});

test('`raw-frame` sends what it is given, and a client ignores types that it does not know', async () => {
  await using server = await startMockServer({
    clock: 'manual',
    scenario: {
      faults: [
        { name: 'session', on: 'session', inject: [{ 'raw-frame': { type: 0xbe, payload: '0102' } }] },
        { name: 'answer', on: 'response', inject: [{ 'raw-frame': { type: 0xbf } }] },
      ],
    },
  });
  await using client = await openRawHttp2(server);
  await client.request(1, 'GET', TASKS);
  await client.saw('DATA 22 on 1');
  const seen = client.transcript;
  expect(seen).toContain('0xbe');
  expect(seen.indexOf('0xbf on 1')).toBeLessThan(seen.indexOf('HEADERS on 1'));
  expect(seen.indexOf('0xbf on 1')).toBeGreaterThan(0);

  await using careless = await openClient(server);
  expect((await careless.get(TASKS)).frames).toEqual(LIST);
});

test('`raw-frame` strikes only connections opened since it was armed', async () => {
  await using server = await startMockServer({ clock: 'manual' });
  await using before = await openClient(server);
  await before.get(TASKS);
  await fetch(`${server.adminUrl}/scenario`, {
    method: 'PUT',
    body: 'faults: [{ on: request, inject: [{ raw-frame: { type: RST_STREAM, payload: "0000000b" } }] }]',
  });
  expect((await before.get(TASKS)).frames).toEqual(LIST);
  expect(server.journal.events('fault.injected')).toEqual([]);

  await using after = await openClient(server);
  expect((await after.get(TASKS)).frames[0]).toBe('RST_STREAM ENHANCE_YOUR_CALM');
  expect(server.journal.events('fault.injected')).toMatchObject([{ connection: 2, stream: 1 }]);
});

test('`drop-frame` loses one DATA frame, and with it the end of its answer', async () => {
  await using server = await start({ 'drop-frame': { type: 'DATA', nth: 2 } });
  await using client = await openClient(server);
  await client.get(TASKS);
  void client.get(TASKS);
  expect((await client.get(TASKS)).frames).toEqual(LIST);
  await client.ping();
  const journaled = server.journal.events('frame.tampered');
  expect(journaled).toMatchObject([{ stream: 3, frame: 'DATA', did: 'drop', direction: 'to-client' }]);
  expect(client.transcript.filter((seen) => seen === 'END_STREAM')).toHaveLength(2);
});

test('`drop-frame` loses what the client sends: an RST_STREAM that never arrives', async () => {
  await using server = await start({ 'drop-frame': { type: 'DATA', direction: 'from-client', nth: 1 } });
  await using client = await openRawHttp2(server);
  await client.request(1, 'POST', TASKS, { 'content-type': 'application/json' });
  await client.send('DATA', { stream: 1, flags: 1, payload: Buffer.from(JSON.stringify(textOnly)) });
  await client.send('PING', { payload: Buffer.alloc(8) });
  await client.saw('PING ACK');
  expect(tampered(server)).toEqual(['drop DATA from-client']);
  expect(server.journal.events('task.created')).toEqual([]);
});

test('`delay-frame` holds a frame back, and what does not depend on it passes', async () => {
  await using server = await start({ 'delay-frame': { type: 'DATA', nth: 1, ms: '2s' } });
  await using client = await openClient(server);
  const late = client.get(TASKS);
  expect((await client.get(TASKS)).frames).toEqual(LIST);
  await server.clock.waiting(2_000);
  expect(client.transcript.filter((seen) => seen === 'END_STREAM')).toHaveLength(1);
  await server.clock.advance(2_000);
  expect((await late).frames).toEqual(LIST);
});

test('header blocks stay in order behind a late one, whatever their streams', async () => {
  await using server = await start({ 'delay-frame': { type: 'HEADERS', nth: 1, ms: '2s' } });
  await using client = await openClient(server);
  const replies = [client.get(TASKS), client.get(TASKS)] as const;
  await server.journal.waitFor('response.sent', ({ stream }) => stream === 3);
  await server.clock.waiting(2_000);
  await client.ping();
  expect(client.transcript).toEqual(['PING ACK']);
  await server.clock.advance(2_000);
  for (const { frames } of await Promise.all(replies)) expect(frames).toEqual(LIST);
});

test('`corrupt-frame` turns over the same bits on each run of a seed', async () => {
  const bodyOf = async (seed: number) => {
    await using server = await startMockServer({
      seed,
      scenario: { faults: [{ on: 'session', inject: [{ 'corrupt-frame': { type: 'DATA', bits: 3 } }] }] },
    });
    await using client = await openRawHttp2(server);
    await client.request(1, 'GET', TASKS);
    await client.saw('DATA 22 on 1');
    return Buffer.from(client.frames.at(-1)?.payload ?? []).toString('latin1');
  };
  const sound = '{"total":0,"items":[]}';
  const [first, again, other] = [await bodyOf(7), await bodyOf(7), await bodyOf(8)];
  expect(first).not.toBe(sound);
  expect(again).toBe(first);
  expect(other).not.toBe(first);
  const flipped = [...first].map((letter, at) => letter.charCodeAt(0) ^ sound.charCodeAt(at));
  expect(flipped.map((bits) => bits.toString(2).replaceAll('0', '').length).reduce((a, b) => a + b)).toBe(3);
});

test('`corrupt-frame` with a wrong length desynchronizes the client, which gives up the connection', async () => {
  await using server = await start({ 'corrupt-frame': { type: 'HEADERS', nth: 2, lengthBy: -3 } });
  await using client = await openClient(server);
  expect((await client.get(TASKS)).frames).toEqual(LIST);
  expect((await client.get(TASKS)).status).toBeUndefined();
  expect(await server.journal.waitFor('goaway.received')).toMatchObject({ connection: 1 });
});

test('`header-bomb` swells the headers of one answer; a bounded client fails that call', async () => {
  await using server = await start({ 'header-bomb': { fields: 200, valueBytes: 1_000, nth: 2 } });
  await using raw = await openRawHttp2(server);
  await raw.request(1, 'GET', TASKS);
  await raw.saw('DATA 22 on 1');
  await raw.request(3, 'GET', TASKS);
  await raw.saw('DATA 22 on 3');
  expect(raw.transcript.filter((seen) => seen === 'CONTINUATION on 3')).toHaveLength(200);
  expect(raw.frames.findLast(({ type }) => type === 9)?.flags).toBe(4); // END_HEADERS
  await raw[Symbol.asyncDispose]();

  await using client = await openClient(server);
  expect((await client.get(TASKS)).frames).toEqual(LIST);
  expect((await client.get(TASKS)).status).toBeUndefined();
});

test('`continuation-flood` begins headers that never end, and says nothing more', async () => {
  await using server = await start({ 'continuation-flood': { count: 300, valueBytes: 10 } });
  await using client = await openRawHttp2(server);
  await client.request(1, 'GET', TASKS);
  await client.saw('CONTINUATION on 1', 300);
  await client.request(3, 'GET', TASKS);
  await server.journal.waitFor('response.sent', ({ stream }) => stream === 3);
  expect(client.frames.every(({ type, flags }) => ![1, 9].includes(type) || (flags & 4) === 0)).toBe(true);
  expect(client.transcript.at(-1)).toBe('CONTINUATION on 1');
});

test('no frame fault strikes HTTP/1.1: the loader says so', async () => {
  const scenario = 'faults:\n  - on: session\n    match: { protocol: http/1.1 }\n    inject: [ping-silence]\n';
  await expect(startMockServer({ scenario })).rejects.toThrow('inline:3:24  INVALID_VALUE');
});

test('a frame fault that strikes another connection changes nothing on this one', async () => {
  await using server = await startMockServer({
    clock: 'manual',
    scenario: { faults: [{ on: 'session', when: { nth: 99 }, inject: ['ping-silence'] }] },
  });
  await using client = await openClient(server);
  for (let call = 0; call < 3; call++) expect((await client.get(TASKS)).frames).toEqual(LIST);
  await client.post(TASKS, textOnly);
  await client.ping();
  expect(client.transcript.at(-1)).toBe('PING ACK');
});
