import { expect, test } from 'vitest';
import { startMockServer } from '../../server/index.ts';
import { openClient } from './support/client.ts';
import { openRawHttp2 } from './support/raw-http2.ts';
import { TASKS } from './support/tasks.ts';

// gRPC, doc/negative-http2-interop-test-descriptions.md: what the server does, seen on the wire.
const start = (scenario: string) => startMockServer({ scenario, clock: 'manual' });
const LIST = ['HEADERS 200', 'DATA 22', 'END_STREAM'];

test('goaway: the call under way finishes, and the next needs another connection', async () => {
  await using server = await start('grpc-goaway');
  await using first = await openClient(server);
  expect((await first.get(TASKS)).frames).toEqual(LIST);
  await first.closed;
  expect(first.transcript).toEqual(['GOAWAY NO_ERROR last=1', ...LIST, 'FIN']);
  await using second = await openClient(server);
  expect((await second.get(TASKS)).frames).toEqual(LIST);
});

test.each([
  ['grpc-rst-after-header', ['HEADERS 200']],
  ['grpc-rst-during-data', ['HEADERS 200', 'DATA 10']],
  ['grpc-rst-after-data', ['HEADERS 200', 'DATA 22']],
] as const)('%s: RST_STREAM takes the place of END_STREAM, and the connection lives on', async (scenario, before) => {
  await using server = await start(scenario);
  await using client = await openClient(server);
  for (let call = 0; call < 2; call++) {
    expect((await client.get(TASKS)).frames).toEqual([...before, 'RST_STREAM INTERNAL_ERROR']);
  }
  await client.ping();
  expect(client.transcript.at(-1)).toBe('PING ACK');
});

test('ping: PINGs come amid the calls, and their acknowledgements do no harm', async () => {
  await using server = await start('grpc-ping');
  await using client = await openRawHttp2(server);
  await client.saw('PING');
  for (const stream of [1, 3]) {
    await client.request(stream, 'GET', TASKS);
    await client.saw(`DATA 22 on ${stream}`);
    await client.send('PING', {
      flags: 1,
      payload: client.frames.find(({ type }) => type === 6)?.payload ?? Buffer.alloc(8),
    });
    await server.clock.waiting(100);
    await server.clock.advance(100);
    await client.saw('PING', (stream + 3) / 2);
  }
  expect(client.transcript).not.toContain('GOAWAY');
});

test('max_streams: node:http2 queues its calls, and all of them are answered', async () => {
  await using server = await start('grpc-max-streams');
  await using client = await openClient(server);
  await client.get(TASKS);
  await client.ping();
  const replies = await Promise.all(Array.from({ length: 5 }, () => client.get(TASKS)));
  for (const { frames } of replies) expect(frames).toEqual(LIST);
  // One after the other: nothing of a stream comes between the headers of another and its end.
  expect(client.transcript.filter((seen) => seen !== 'PING ACK')).toEqual(Array(6).fill(LIST).flat());
});

/** What is left of a DATA frame without its padding, and the length of that; RFC 9113, section 6.1. */
const unpad = ({ flags, payload }: { readonly flags: number; readonly payload: Uint8Array }) => {
  const padding = (flags & 0x8) === 0 ? undefined : (payload[0] ?? 0);
  const text = Buffer.from(padding === undefined ? payload : payload.subarray(1, payload.length - padding)).toString();
  return { text, padding };
};

test.each([
  ['grpc-data-frame-padding', true],
  ['grpc-no-df-padding-sanity', false],
] as const)('%s: the body comes in frames of five bytes', async (scenario, padded) => {
  await using server = await start(scenario);
  await using client = await openRawHttp2(server);
  await client.request(1, 'GET', TASKS);
  await client.socket.until(() => client.frames.some(({ type, flags }) => type === 0 && (flags & 1) === 1));
  const pieces = client.frames.filter(({ type }) => type === 0).map(unpad);
  expect(pieces.map(({ text }) => text).join('')).toBe('{"total":0,"items":[]}');
  expect(pieces.map(({ text }) => text.length).slice(0, 5)).toEqual([5, 5, 5, 5, 2]);
  for (const { padding, text } of pieces) if (text) expect(padding !== undefined && padding > 100).toBe(padded);

  await using careful = await openClient(server);
  expect((await careful.get(TASKS)).text).toBe('{"total":0,"items":[]}');
});
