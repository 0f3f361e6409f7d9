import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { findFreePorts } from '../../server/fixtures/free-ports.ts';
import { OwnPorts } from '../../server/own-ports.ts';
import { openUpstream, type UpstreamPatience } from '../../server/upstream/connections.ts';
import { UpstreamError } from '../../server/upstream/failures.ts';
import { readUpstreamTarget } from '../../server/upstream/target.ts';
import { CertificateAuthority } from '../../server/wire/certificates.ts';
import { clients } from './support/both-versions.ts';
import { openClient } from './support/client.ts';
import { openFolder } from './support/command-line.ts';
import { block, frame, RawUpstream } from './support/raw-upstream.ts';
import { ScriptedUpstream } from './support/scripted-upstream.ts';
import { openCall } from './support/streaming-call.ts';
import { TASKS, textOnly } from './support/tasks.ts';
import { bodyOf, startProxy, startUpstream } from './support/upstreams.ts';

describe.each(clients)('over %s', (version, open) => {
  test('an upstream that is down is a 502 in the format of the service, and no fault', async () => {
    await using upstream = await startUpstream();
    await using proxy = await startProxy(upstream);
    await using client = await open(proxy);
    await upstream.close();

    const answer = await client.post(TASKS, textOnly);

    expect(answer).toMatchObject({
      status: 502,
      headers: { 'proxy-status': 'seedance-mock; error=connection_refused' },
    });
    expect(JSON.parse(bodyOf(answer)).error).toMatchObject({
      code: 'InternalServiceError',
      message: expect.stringMatching(
        /^The upstream of seedance-mock gave no answer: connection_refused\. Request id: 02/,
      ),
    });
    expect(proxy.journal.events('upstream.failed')).toMatchObject([
      {
        connection: 1,
        request: 1,
        error: 'connection_refused',
        status: 502,
        reason: expect.stringContaining('ECONNREFUSED'),
      },
    ]);
    expect(proxy.journal.events('response.sent')).toMatchObject([{ status: 502 }]);
    expect(proxy.journal.events('fault.injected')).toEqual([]);
  });

  test.each(['h2', 'http/1.1'] as const)(
    'an upstream over %s that resets amid its answer leaves the client without the end of it',
    async (upstreamVersion) => {
      let reset = () => {};
      await using upstream = await ScriptedUpstream.open(upstreamVersion, (request, response) => {
        request.resume();
        response.writeHead(200, { 'content-length': '40' });
        response.write('{"id":"cgt-1",');
      });
      reset = () => upstream.reset();
      await using proxy = await startProxy(upstream);
      await using client = await open(proxy);

      const reply = client.post(TASKS, textOnly);
      await (version === 'HTTP/2' ? saw(client, 'DATA 14') : saw(client, '"cgt-1",'));
      reset();
      await reply;

      const entries = client.transcript;
      expect(entries).toContain('HEADERS 200');
      expect(entries.at(-1)).toBe(version === 'HTTP/2' ? 'RST_STREAM INTERNAL_ERROR' : 'RESET');
      expect(entries).not.toContain('END_STREAM');
      const [failed] = proxy.journal.events('upstream.failed');
      expect(failed).toMatchObject({ connection: 1, request: 1, error: 'connection_terminated' });
      expect(failed).not.toHaveProperty('status');
      expect(proxy.journal.events('response.abandoned')).toMatchObject([{ by: 'upstream', how: 'rst-stream' }]);
      expect(proxy.journal.events('response.sent')).toEqual([]);
      expect(proxy.journal.events('stream.reset')).toEqual([]);
    },
  );

  test('a fault on its 502 strikes like on any answer', async () => {
    await using upstream = await startUpstream();
    const faults = [
      { name: 'worse', on: 'response', match: { status: 502 }, inject: [{ end: { at: 'headers' } }] },
    ] as const;
    await using proxy = await startProxy(upstream, { faults });
    await using client = await open(proxy);
    await upstream.close();

    await client.post(TASKS, textOnly);

    expect(client.transcript.filter((one) => !one.startsWith('DATA'))).toEqual(['HEADERS 502', 'RESET']);
    expect(proxy.journal.events('response.abandoned')).toMatchObject([{ by: 'fault', cause: 'worse' }]);
  });
});

/** Resolves once a client has seen a frame, or a text. */
const saw = (client: object, what: string): Promise<void> => {
  const { saw: frames, socket } = client as Partial<{
    saw(entry: string): Promise<void>;
    socket: { saw(text: string): Promise<void> };
  }>;
  return socket ? socket.saw(what) : (frames?.call(client, what) ?? Promise.resolve());
};

test('a certificate that nobody vouches for is told as such', async () => {
  await using upstream = await startUpstream();
  await using folder = await openFolder();
  const stranger = await CertificateAuthority.create(upstream.clock.wallNow(), 'CN=a CA that signed nothing here');
  await using proxy = await startProxy({ url: upstream.url, caFile: await folder.write('ca.pem', stranger.pem) });
  await using client = await openClient(proxy);

  const answer = await client.get(TASKS);

  expect(answer.headers['proxy-status']).toBe('seedance-mock; error=tls_certificate_error');
  expect(upstream.journal.events('request.received')).toEqual([]);
});

test.each([
  ['h2', 'h2'],
  ['http/1.1', 'h2'],
  ['h2', 'http/1.1'],
  ['http/1.1', 'http/1.1'],
] as const)(
  'a client that gives up an upload, %s to us and %s to the upstream, is not taken for one that is done',
  async (version, upstreamVersion) => {
    const begun = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<string>();
    await using upstream = await ScriptedUpstream.open(upstreamVersion, (request) => {
      request.once('data', () => begun.resolve());
      request.on('error', () => {}).on('aborted', () => ended.resolve('aborted'));
      request.on('end', () => ended.resolve('end'));
      request.resume();
    });
    await using proxy = await startProxy(upstream);
    const call = openCall(proxy, version, { method: 'POST', path: TASKS });
    call.answered.catch(() => {});
    call.request.write('{"model":');
    await begun.promise;
    call[Symbol.dispose]();

    expect(await ended.promise).toBe('aborted');
    expect(proxy.journal.events('request.body')).toEqual([]);
    expect(proxy.journal.events('upstream.failed')).toEqual([]);
  },
);

test.each(['h2', 'http/1.1'] as const)(
  'an upstream over %s may answer before it has read a request: the client has its answer, and the connection goes on',
  async (upstreamVersion) => {
    await using upstream = await ScriptedUpstream.open(upstreamVersion, (request, response) => {
      request.on('error', () => {});
      response.writeHead(413, { 'content-length': '2' });
      response.end('{}');
    });
    await using proxy = await startProxy(upstream);
    await using client = await openClient(proxy);
    const large = { ...textOnly, content: [{ type: 'text', text: 'x'.repeat(5_000_000) }] };

    expect(await client.post(TASKS, large)).toMatchObject({ status: 413, text: '{}' });
    expect(await client.post(TASKS, textOnly)).toMatchObject({ status: 413, text: '{}' });
    expect(proxy.journal.events('connection.opened')).toHaveLength(1);
    expect(proxy.journal.events('upstream.failed')).toEqual([]);
  },
);

test('an upstream that turns out to be a lane of this server is a 502, and gets no call', async () => {
  await using upstream = await startUpstream();
  const [port = 0] = await findFreePorts(1);
  const target = { url: `https://localhost:${port}`, caFile: upstream.caFile };
  await using proxy = await startProxy(target, {}, { lanePorts: { from: port, to: port } });
  await using lane = await proxy.openLane();
  await using client = await openClient(lane);

  expect(await client.get(TASKS)).toMatchObject({
    status: 502,
    headers: { 'proxy-status': 'seedance-mock; error=proxy_loop_detected' },
  });
  expect(lane.journal.events('request.received')).toHaveLength(1);
  expect(lane.journal.events('upstream.failed')).toMatchObject([{ reason: `${target.url} is this server` }]);
});

describe('an upstream gets a limited time:', () => {
  /** Longer than any test. */
  const PATIENT_MS = 20_000;

  test.each([
    ['http', PATIENT_MS, { error: 'http_response_timeout', status: 504, reason: 'UND_ERR_HEADERS_TIMEOUT' }],
    // TLS fails before the call is sent.
    ['https', 20, { error: 'connection_timeout', status: 504, reason: 'no connection within 20 ms' }],
  ])('it sends nothing over %s', async (scheme, connectMs, failure) => {
    const silent = net.createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;

    expect(await failingCall(`${scheme}://127.0.0.1:${port}`, { connectMs, answerMs: 20 })).toMatchObject({ failure });

    await new Promise((resolve) => silent.close(resolve));
  });

  test('it sends no SETTINGS', async () => {
    await using upstream = await RawUpstream.overHttp2(() => [], Buffer.alloc(0));

    // A slow handshake counts as well.
    const { failure } = await failingCall(upstream, { connectMs: 500, answerMs: PATIENT_MS });

    expect(failure).toMatchObject({ error: 'connection_timeout', reason: expect.stringMatching(/ within 500 ms$/) });
  });

  test('it sends no head over HTTP/2', async () => {
    await using upstream = await RawUpstream.overHttp2(() => []);

    const { failure } = await failingCall(upstream, { connectMs: PATIENT_MS, answerMs: 20 });

    expect(failure).toEqual({ error: 'http_response_timeout', status: 504, reason: 'nothing for 20 ms' });
  });

  test('it stops within its answer over HTTP/2', async () => {
    await using upstream = await RawUpstream.overHttp2((stream) => [
      frame('HEADERS', stream, { flags: 4, payload: block([':status', '200']) }),
      frame('DATA', stream, { payload: Buffer.from('hello') }),
    ]);

    const { failure, pieces } = await failingCall(upstream, { connectMs: PATIENT_MS, answerMs: 1_000 });

    expect(pieces).toEqual(['hello']);
    expect(failure).toEqual({ error: 'connection_read_timeout', status: 504, reason: 'nothing for 1000 ms' });
  });
});

/** Sends a call that fails; returns the failure and the pieces that came before it. */
async function failingCall(to: string | RawUpstream, patience: UpstreamPatience) {
  const [url, caFile] = typeof to === 'string' ? [to] : [to.url, to.caFile];
  const upstream = await openUpstream(await readUpstreamTarget(url, caFile), new OwnPorts(), patience);
  const pieces: string[] = [];
  try {
    const call = { method: 'GET', path: '/', headers: {}, body: null, signal: new AbortController().signal };
    for await (const piece of (await upstream.send(call)).body) pieces.push(String(piece));
    throw new Error('It did not fail.');
  } catch (error) {
    if (error instanceof UpstreamError) return { failure: error.failure, pieces };
    throw error;
  } finally {
    await upstream.close();
  }
}
