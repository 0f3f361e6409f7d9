import http2 from 'node:http2';
import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { clients } from './support/both-versions.ts';
import { type Client, openClient } from './support/client.ts';
import type { Http1Client } from './support/http1.ts';
import { block, type Deed, type Field, frame, RawUpstream, uint32 } from './support/raw-upstream.ts';
import { ScriptedUpstream } from './support/scripted-upstream.ts';
import { openCall } from './support/streaming-call.ts';
import { TASKS } from './support/tasks.ts';
import { bodyOf, startProxy } from './support/upstreams.ts';

const OK = 'HTTP/1.1 200 OK\r\n';
const END_STREAM = 1;
const END_HEADERS = 4;
/** The largest frame that a client takes unasked. */
const FRAME_BYTES = 16_384;

/** A head over HTTP/2, and with END_STREAM what it makes the whole of. */
const head = (stream: number, fields: readonly Field[], flags = 0) =>
  frame('HEADERS', stream, { flags: END_HEADERS | flags, payload: block(...fields) });

/** Answers over HTTP/1.1 without a valid head, and the error that the journal names. */
const headless: Readonly<Record<string, readonly [readonly Deed[], string]>> = {
  garbage: [['\x00\x01\xff garbage\r\n\r\n'], 'http_protocol_error'],
  'HTTP/0.9': [['hello\n', 'FIN'], 'http_protocol_error'],
  'frames of HTTP/2': [[frame('SETTINGS', 0)], 'http_protocol_error'],
  'a non-numeric status': [['HTTP/1.1 abc OK\r\n\r\n'], 'http_protocol_error'],
  'a status of four digits': [['HTTP/1.1 1000 OK\r\n\r\n'], 'http_protocol_error'],
  'status 000': [['HTTP/1.1 000 OK\r\ncontent-length: 0\r\n\r\n'], 'http_protocol_error'],
  'status 600': [['HTTP/1.1 600 OK\r\ncontent-length: 0\r\n\r\n'], 'http_protocol_error'],
  'status 999': [['HTTP/1.1 999 OK\r\ncontent-length: 0\r\n\r\n'], 'http_protocol_error'],
  'an unknown HTTP version': [['HTTP/9.9 200 OK\r\ncontent-length: 0\r\n\r\n'], 'http_protocol_error'],
  'NUL in a field': [[`${OK}x: a\0b\r\ncontent-length: 0\r\n\r\n`], 'http_protocol_error'],
  'ESC in a field': [[`${OK}x: a\x1bb\r\ncontent-length: 0\r\n\r\n`], 'http_protocol_error'],
  'a bare CR in a field': [[`${OK}x: a\rb\r\ncontent-length: 0\r\n\r\n`], 'http_protocol_error'],
  'a space in the name of a field': [[`${OK}x y: a\r\ncontent-length: 0\r\n\r\n`], 'http_protocol_error'],
  'a field without a name': [[`${OK}: a\r\ncontent-length: 0\r\n\r\n`], 'http_protocol_error'],
  'lines that end with LF only': [['HTTP/1.1 200 OK\ncontent-length: 0\n\n'], 'http_protocol_error'],
  'a non-numeric length': [[`${OK}content-length: abc\r\n\r\n`], 'http_protocol_error'],
  'two lengths': [[`${OK}content-length: 2\r\ncontent-length: 3\r\n\r\nhi`], 'http_response_incomplete'],
  'a head over 16 KiB': [[`${OK}x: ${'a'.repeat(20_000)}\r\n\r\n`], 'http_response_header_section_size'],
  '101 Switching Protocols': [
    ['HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'],
    'connection_terminated',
  ],
  '103 only': [['HTTP/1.1 103 Early Hints\r\n\r\n', 'FIN'], 'connection_terminated'],
  'a FIN': [['FIN'], 'connection_terminated'],
  'a reset': [['RST'], 'connection_terminated'],
  'a FIN within the head': [[`${OK}content-le`, 'FIN'], 'connection_terminated'],
  'a reset within the head': [[`${OK}content-le`, 'RST'], 'connection_terminated'],
};

/** Answers over HTTP/2 without a valid head. */
const headlessOverHttp2: Readonly<Record<string, readonly [(stream: number) => readonly Deed[], string]>> = {
  garbage: [() => ['this is no frame, and not the beginning of one'], 'http_protocol_error'],
  'DATA before HEADERS': [(id) => [frame('DATA', id, { flags: END_STREAM })], 'http_protocol_error'],
  'no status': [(id) => [head(id, [['x', 'y']], END_STREAM)], 'http_protocol_error'],
  'a non-numeric status': [(id) => [head(id, [[':status', 'abc']], END_STREAM)], 'http_protocol_error'],
  'status 600': [(id) => [head(id, [[':status', '600']], END_STREAM)], 'http_protocol_error'],
  '103 only': [(id) => [head(id, [[':status', '103']], END_STREAM)], 'http_protocol_error'],
  'a connection-specific field': [
    (id) => [
      head(
        id,
        [
          [':status', '200'],
          ['connection', 'close'],
        ],
        END_STREAM,
      ),
    ],
    'http_protocol_error',
  ],
  'an invalid header block': [
    (id) => [frame('HEADERS', id, { flags: END_STREAM | END_HEADERS, payload: Buffer.alloc(5, 0xff) })],
    'http_protocol_error',
  ],
  'a head over 48 KiB': [(id) => largeHead(id, 65_000), 'http_response_header_section_size'],
  'RST_STREAM with NO_ERROR': [(id) => [frame('RST_STREAM', id, { payload: uint32(0) })], 'http_protocol_error'],
  'RST_STREAM with INTERNAL_ERROR': [(id) => [frame('RST_STREAM', id, { payload: uint32(2) })], 'http_protocol_error'],
  'RST_STREAM with REFUSED_STREAM': [(id) => [frame('RST_STREAM', id, { payload: uint32(7) })], 'http_protocol_error'],
  'RST_STREAM with CANCEL': [(id) => [frame('RST_STREAM', id, { payload: uint32(8) })], 'http_protocol_error'],
  'GOAWAY for all streams': [() => [frame('GOAWAY', 0, { payload: Buffer.alloc(8) })], 'http_protocol_error'],
  'GOAWAY with an error': [
    () => [frame('GOAWAY', 0, { payload: Buffer.concat([uint32(0), uint32(2)]) })],
    'connection_terminated',
  ],
  'a FIN': [() => ['FIN'], 'connection_terminated'],
  'a reset': [() => ['RST'], 'connection_terminated'],
};

function largeHead(stream: number, bytes: number): readonly Buffer[] {
  const fields = Array.from({ length: 65 }, (_, nth) => [`x-${nth}`, 'a'.repeat(bytes / 65)] as const);
  const payload = block([':status', '200'], ...fields);
  const pieces = Array.from({ length: Math.ceil(payload.length / FRAME_BYTES) }, (_, nth) =>
    payload.subarray(nth * FRAME_BYTES, (nth + 1) * FRAME_BYTES),
  );
  return pieces.map((piece, nth) =>
    frame(nth === 0 ? 'HEADERS' : 'CONTINUATION', stream, {
      flags: nth === pieces.length - 1 ? END_HEADERS : 0,
      payload: piece,
    }),
  );
}

type Proxy = Awaited<ReturnType<typeof startProxy>>;
type Opener = (typeof clients)[number][1];

describe.each(clients)('over %s, an answer without a valid head is a 502, not a bug:', (_version, open) => {
  test.each(Object.entries(headless))('%s from an upstream over HTTP/1.1', async (_what, [deeds, error]) => {
    await using upstream = await RawUpstream.overHttp1(deeds);
    await using proxy = await startProxy(upstream);
    await expectBadGateway(proxy, open, error);
  });

  test.each(Object.entries(headlessOverHttp2))('%s from an upstream over HTTP/2', async (_what, [answer, error]) => {
    await using upstream = await RawUpstream.overHttp2(answer);
    await using proxy = await startProxy(upstream);
    await expectBadGateway(proxy, open, error);
  });

  test.each(['this is no frame, and not the beginning of one', 'HTTP/1.1 400 Bad Request\r\n\r\n'])(
    '%j in place of SETTINGS',
    async (first) => {
      await using upstream = await RawUpstream.overHttp2(() => [], Buffer.from(first));
      await using proxy = await startProxy(upstream);
      await expectBadGateway(proxy, open, 'http_protocol_error');
    },
  );
});

async function expectBadGateway(proxy: Proxy, open: Opener, error: string): Promise<void> {
  await using client = await open(proxy);

  const answer = await client.get(TASKS);

  expect(answer).toMatchObject({ status: 502, headers: { 'proxy-status': `seedance-mock; error=${error}` } });
  expect(JSON.parse(bodyOf(answer)).error).toMatchObject({ code: 'InternalServiceError' });
  expect(proxy.journal.events('upstream.failed')).toMatchObject([{ connection: 1, request: 1, error, status: 502 }]);
  expect(proxy.journal.events('response.sent')).toMatchObject([{ status: 502 }]);
  expect(proxy.journal.events('bug')).toEqual([]);
}

/** Answers over HTTP/1.1 that break off. */
const breaks: Readonly<Record<string, readonly Deed[]>> = {
  'a chunk with an invalid size': [`${OK}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\nZZ\r\n`],
  'a first chunk with an invalid size': [`${OK}transfer-encoding: chunked\r\n\r\nZZ\r\n`],
  'a chunk longer than its size': [`${OK}transfer-encoding: chunked\r\n\r\n5\r\nhello, world\r\n0\r\n\r\n`],
  'an invalid trailer': [`${OK}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nx y: z\r\n\r\n`],
  'a FIN before the last chunk': [`${OK}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n`, 'FIN'],
  'a FIN before the last chunk, after connection: close': [
    `${OK}connection: close\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n`,
    'FIN',
  ],
  'a reset before the last chunk': [`${OK}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n`, 'RST'],
  'a FIN before the last byte': [`${OK}content-length: 40\r\n\r\nhello`, 'FIN'],
  'a FIN before the last byte, after connection: close': [
    `${OK}connection: close\r\ncontent-length: 40\r\n\r\nhello`,
    'FIN',
  ],
  'a reset before the last byte': [`${OK}content-length: 40\r\n\r\nhello`, 'RST'],
  'a reset of a body that ends with its connection': [`${OK}\r\nhello`, 'RST'],
};

/** How an answer over HTTP/2 breaks off after its head and five bytes. */
const breaksOverHttp2: Readonly<Record<string, (stream: number) => readonly Deed[]>> = {
  'RST_STREAM with NO_ERROR': (id) => [frame('RST_STREAM', id, { payload: uint32(0) })],
  'RST_STREAM with INTERNAL_ERROR': (id) => [frame('RST_STREAM', id, { payload: uint32(2) })],
  'RST_STREAM with CANCEL': (id) => [frame('RST_STREAM', id, { payload: uint32(8) })],
  'trailers with a status': (id) => [head(id, [[':status', '200']], END_STREAM)],
  garbage: () => ['this is no frame, and not the beginning of one'],
  'GOAWAY with an error': (id) => [frame('GOAWAY', 0, { payload: Buffer.concat([uint32(id), uint32(2)]) })],
  'GOAWAY, then a FIN': (id) => [frame('GOAWAY', 0, { payload: Buffer.concat([uint32(id), uint32(0)]) }), 'FIN'],
  'a FIN': () => ['FIN'],
  'a reset': () => ['RST'],
};

describe.each(clients)('over %s, an answer that breaks off does not look complete:', (_version, open) => {
  test.each(Object.entries(breaks))('%s from an upstream over HTTP/1.1', async (_what, deeds) => {
    await using upstream = await RawUpstream.overHttp1(deeds);
    await using proxy = await startProxy(upstream);
    await expectBreak(proxy, open);
  });

  test.each(Object.entries(breaksOverHttp2))('%s from an upstream over HTTP/2', async (_what, breakOff) => {
    await using upstream = await RawUpstream.overHttp2((id) => [
      Buffer.concat([head(id, [[':status', '200']]), frame('DATA', id, { payload: Buffer.from('hello') })]),
      ...breakOff(id),
    ]);
    await using proxy = await startProxy(upstream);
    await expectBreak(proxy, open);
  });

  test.each([4, 6])('five bytes where the length says %i from an upstream over HTTP/2', async (length) => {
    await using upstream = await RawUpstream.overHttp2((id) => [
      head(id, [
        [':status', '200'],
        ['content-length', `${length}`],
      ]),
      frame('DATA', id, { flags: END_STREAM, payload: Buffer.from('hello') }),
    ]);
    await using proxy = await startProxy(upstream);
    await expectBreak(proxy, open);
  });
});

async function expectBreak(proxy: Proxy, open: Opener): Promise<void> {
  await using client: Client | Http1Client = await open(proxy);

  const reply = client.get(TASKS);
  const failed = await proxy.journal.waitFor('upstream.failed');
  await reply;

  if ('socket' in client) {
    expect(await client.socket.ended()).toBe('reset');
    expect(client.socket.received).not.toContain('0\r\n\r\n');
  } else {
    expect(client.transcript.at(-1)).toBe('RST_STREAM INTERNAL_ERROR');
    expect(client.transcript).not.toContain('END_STREAM');
  }
  expect(client.transcript[0]).toBe('HEADERS 200');
  expect(failed).not.toHaveProperty('status');
  expect(proxy.journal.events('response.abandoned')).toMatchObject([{ by: 'upstream', cause: failed.error }]);
  expect(proxy.journal.events('response.sent')).toEqual([]);
  expect(proxy.journal.events('bug')).toEqual([]);
}

test('an answer over HTTP/2 with trailers arrives completely when it is read slowly', async () => {
  const body = Buffer.alloc(300_000, 'seedance');
  await using upstream = await ScriptedUpstream.open('h2', (_request, response) => {
    response.writeHead(200);
    response.addTrailers({ 'x-checksum': '1' });
    response.end(body);
  });
  await using proxy = await startProxy(upstream);
  using call = openCall(proxy, 'h2', { method: 'GET', path: '/video.mp4' });
  const { body: received } = await call.answered;

  expect(await buffer(received)).toEqual(body);
  expect(proxy.journal.events('response.sent')).toMatchObject([{ bytes: body.byteLength }]);
});

test('a call that an upstream over HTTP/2 refused unprocessed is sent again', async () => {
  let calls = 0;
  await using upstream = await RawUpstream.overHttp2((id) => {
    calls++;
    return calls === 1
      ? [frame('RST_STREAM', id, { payload: uint32(7) })]
      : [head(id, [[':status', '200']]), frame('DATA', id, { flags: END_STREAM, payload: Buffer.from('{}') })];
  });
  await using proxy = await startProxy(upstream);
  await using client = await openClient(proxy);

  expect(await client.get(TASKS)).toMatchObject({ status: 200, text: '{}' });
  expect(proxy.journal.events('upstream.failed')).toEqual([]);
});

/** The names of all fields that Node knows, but for those of one connection. */
const fieldNames = Object.entries(http2.constants)
  .filter(([constant, name]) => constant.startsWith('HTTP2_HEADER_') && !String(name).startsWith(':'))
  .map(([, name]) => String(name))
  .filter((name) => !['content-length', 'transfer-encoding', 'connection', 'upgrade'].includes(name));

describe.each(clients)('over %s, these odd answers are passed on:', (_version, open) => {
  test('doubled fields that Node sends only once', async () => {
    const fields = fieldNames.map((name) => `${name}: 1\r\n${name}: 1\r\n`).join('');
    await using upstream = await RawUpstream.overHttp1([`${OK}${fields}content-length: 2\r\n\r\nhi`]);
    await using proxy = await startProxy(upstream);
    await using client = await open(proxy);

    const answer = await client.get(TASKS);

    expect([answer?.status, bodyOf(answer)]).toEqual([200, 'hi']);
    expect(answer?.headers).toMatchObject({ 'content-type': '1', location: '1', 'x-content-type-options': '1' });
  });

  test.each([
    ['HTTP/1.1 204 No Content\r\ncontent-length: 2\r\n\r\n', 204],
    ['HTTP/1.1 205 Reset Content\r\ncontent-length: 2\r\n\r\nhi', 205],
  ] as const)('a length with a status without a body: %s', async (bytes, status) => {
    await using upstream = await RawUpstream.overHttp1([bytes]);
    await using proxy = await startProxy(upstream);
    await using client = await open(proxy);

    const answer = await client.get(TASKS);

    expect([answer?.status, bodyOf(answer)]).toEqual([status, '']);
    expect(answer?.headers).not.toHaveProperty('content-length');
    expect(proxy.journal.events('upstream.failed')).toEqual([]);
  });
});
