import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { finished, pipeline } from 'node:stream/promises';
import { describe, expect, test } from 'vitest';
import { ScriptedUpstream } from './support/scripted-upstream.ts';
import { openCall, whenStill } from './support/streaming-call.ts';
import { TASKS } from './support/tasks.ts';
import { startProxy } from './support/upstreams.ts';

const MANY_BYTES = 30 * 2 ** 20;
/** What the kernel holds for the two connections, 4 to 6 MB each way on Linux; ours are windows and streams of some 100 kB. */
const MAX_UNDER_WAY_BYTES = 15 * 2 ** 20;
const PIECE = Buffer.alloc(65_536, 'seedance');

const versions = ['h2', 'http/1.1'] as const;
const ways = versions.flatMap((client) => versions.map((upstream) => [client, upstream] as const));

describe.each(ways)('bodies of 30 MB, %s to us and %s to the upstream', (version, upstreamVersion) => {
  test('a request goes no faster than the upstream reads it', async () => {
    let read = 0;
    const digest = createHash('sha256');
    const gate = Promise.withResolvers<void>();
    await using upstream = await ScriptedUpstream.open(upstreamVersion, async (request, response) => {
      await gate.promise;
      for await (const piece of request) {
        digest.update(piece);
        read += piece.byteLength;
      }
      response.writeHead(200);
      response.end('{"id":"cgt-1"}');
    });
    await using proxy = await startProxy(upstream);
    using call = openCall(proxy, version, { method: 'POST', path: TASKS });
    let sent = 0;
    const sending = pipeline(
      Readable.from(
        (function* () {
          for (; sent < MANY_BYTES; sent += PIECE.byteLength) yield PIECE;
        })(),
        { highWaterMark: 1 },
      ),
      call.request,
    );

    const underWay = await whenStill(() => sent);
    gate.resolve();
    await sending;
    const { status, body } = await call.answered;
    await finished(body.resume());

    expect(underWay).toBeLessThan(MAX_UNDER_WAY_BYTES);
    expect({ status, read }).toEqual({ status: 200, read: MANY_BYTES });
    expect(proxy.journal.events('request.body')).toMatchObject([
      { bytes: MANY_BYTES, digest: digest.digest('hex').slice(0, 16) },
    ]);
  });

  test('an answer goes no faster than the client reads it', async () => {
    let sent = 0;
    await using upstream = await ScriptedUpstream.open(upstreamVersion, async (_request, response) => {
      response.writeHead(200);
      for (; sent < MANY_BYTES; sent += PIECE.byteLength)
        if (!response.write(PIECE)) await new Promise<void>((resolve) => response.once('drain', () => resolve()));
      response.end();
    });
    await using proxy = await startProxy(upstream);
    using call = openCall(proxy, version, { method: 'GET', path: '/video.mp4' });
    const { body } = await call.answered;

    const underWay = await whenStill(() => sent);
    let read = 0;
    for await (const piece of body) read += piece.byteLength;

    expect(underWay).toBeLessThan(MAX_UNDER_WAY_BYTES);
    expect(read).toBe(MANY_BYTES);
    expect(proxy.journal.events('response.sent')).toMatchObject([{ status: 200, bytes: MANY_BYTES }]);
  });
});

test.each(ways)(
  'fields of one connection end here, %s to us and %s to the upstream; keys and cookies go on',
  async (version, upstreamVersion) => {
    let seen: Record<string, unknown> = {};
    await using upstream = await ScriptedUpstream.open(upstreamVersion, (request, response) => {
      seen = request.headers;
      const hopByHop = upstreamVersion === 'h2' ? {} : { connection: 'x-hop', 'x-hop': '1', 'keep-alive': 'timeout=5' };
      response.writeHead(200, {
        ...hopByHop,
        'alt-svc': 'h3=":443"',
        via: '1.1 edge',
        'set-cookie': ['a=1', 'b=2'],
        'x-tt-logid': '7',
      });
      response.end('{}');
    });
    await using proxy = await startProxy(upstream);
    const hopByHop = { connection: 'x-own', 'x-own': '1', te: 'trailers', expect: '100-continue' };
    const headers = { authorization: 'Bearer k', cookie: 'c=3', via: '1.1 nginx', 'proxy-authorization': 'Basic x' };
    using call = openCall(proxy, version, {
      method: 'GET',
      path: '/any?thing=1',
      headers: { ...headers, ...(version === 'h2' ? { te: 'trailers' } : hopByHop) },
    });
    const { headers: fields, body } = await call.answered;
    await finished(body.resume());

    const own = version === 'h2' ? '2' : '1.1';
    expect(seen).toMatchObject({ authorization: 'Bearer k', cookie: 'c=3', via: `1.1 nginx, ${own} seedance-mock` });
    expect(seen[':authority'] ?? seen.host).toBe(new URL(upstream.url).host);
    for (const name of ['te', 'expect', 'x-own', 'proxy-authorization']) expect(seen).not.toHaveProperty(name);
    expect(fields).toMatchObject({
      via: `1.1 edge, ${upstreamVersion === 'h2' ? '2' : '1.1'} seedance-mock`,
      'set-cookie': ['a=1', 'b=2'],
      'x-tt-logid': '7',
    });
    for (const name of ['alt-svc', 'x-hop', 'keep-alive']) expect(fields).not.toHaveProperty(name);
  },
);

test.each(ways)(
  'answers without a body have none, %s to us and %s to the upstream',
  async (version, upstreamVersion) => {
    await using upstream = await ScriptedUpstream.open(upstreamVersion, ({ method }, response) => {
      const status = method === 'OPTIONS' ? 204 : 200;
      response.writeHead(status, status === 204 ? { allow: 'GET' } : { 'content-length': '5', etag: '"1"' });
      response.end(method === 'GET' ? 'hello' : undefined);
    });
    await using proxy = await startProxy(upstream);
    const ask = async (method: string) => {
      using call = openCall(proxy, version, { method, path: '/video.mp4' });
      call.request.end();
      const { status, headers, body } = await call.answered;
      return [status, headers['content-length'], await text(body)];
    };

    expect(await ask('HEAD')).toEqual([200, '5', '']);
    expect(await ask('OPTIONS')).toEqual([204, undefined, '']);
    expect(await ask('GET')).toEqual([200, '5', 'hello']);
  },
);
