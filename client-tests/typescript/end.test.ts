import { expect, test } from 'vitest';
import { type MockServer, startMockServer } from '../../server/index.ts';
import { openClient } from './support/client.ts';
import { openHttp1Client, writeRequest } from './support/http1.ts';
import { TASKS, textOnly } from './support/tasks.ts';

const places = ['before-commit', 'after-commit', 'headers', { bodyBytes: 20 }] as const;
const hows = ['reset', 'fin', 'rst-stream', 'hang'] as const;
type Place = (typeof places)[number];
type How = (typeof hows)[number];

const startWith = (at: Place, how: How) =>
  startMockServer({
    clock: 'manual',
    profile: 'dual-stack',
    scenario: {
      faults: [{ name: 'cut', on: 'request', match: { method: 'POST' }, inject: [{ end: { at, how } }] }],
    },
  });

/** The answer is `{"id":"cgt-20260101000000-abcde"}`, 33 bytes. */
const seenBefore: Record<string, { readonly h2: readonly string[]; readonly http1: readonly string[] }> = {
  'before-commit': { h2: [], http1: [] },
  'after-commit': { h2: [], http1: [] },
  headers: { h2: ['HEADERS 200'], http1: ['HEADERS 200', 'DATA 0 of 33'] },
  bodyBytes: { h2: ['HEADERS 200', 'DATA 20'], http1: ['HEADERS 200', 'DATA 20 of 33'] },
};
const seenEnd = { reset: 'RESET', fin: 'FIN', 'rst-stream': 'RST_STREAM INTERNAL_ERROR' } as const;

const cases = places.flatMap((at) =>
  hows.map((how) => ({ at, how, place: typeof at === 'string' ? at : 'bodyBytes' })),
);
const tasksIn = (server: MockServer) => server.journal.events('task.created').length;

test.each(cases)('HTTP/2: a create that ends at $place by $how', async ({ at, how, place }) => {
  await using server = await startWith(at, how);
  await using client = await openClient(server);
  const reply = client.post(TASKS, textOnly);
  await server.journal.waitFor('response.abandoned');

  // What came before the answer to a PING has arrived, and nothing else is on its way.
  if (how === 'hang') await client.ping();
  else await reply;
  const last = how === 'hang' ? 'PING ACK' : seenEnd[how];
  expect(client.transcript).toEqual([...(seenBefore[place]?.h2 ?? []), last]);
  expect(tasksIn(server)).toBe(at === 'before-commit' ? 0 : 1);
  expect(server.journal.events('response.abandoned')).toMatchObject([
    { request: 1, stream: 1, by: 'fault', how, cause: 'cut' },
  ]);
  expect(server.journal.events('response.sent')).toEqual([]);
});

test.each(cases)('HTTP/1.1: a create that ends at $place by $how', async ({ at, how, place }) => {
  await using server = await startWith(at, how);
  await using client = await openHttp1Client(server);
  await client.socket.write(writeRequest('POST', TASKS, {}, JSON.stringify(textOnly)));
  await server.journal.waitFor('response.abandoned');

  const seen = seenBefore[place]?.http1 ?? [];
  if (how === 'hang') await client.socket.until(() => client.transcript.length === seen.length);
  else await client.socket.ended();
  // HTTP/1.1 has no streams to reset.
  const last = { reset: ['RESET'], fin: ['FIN'], 'rst-stream': ['RESET'], hang: [] }[how];
  expect(client.transcript).toEqual([...seen, ...last]);
  expect(tasksIn(server)).toBe(at === 'before-commit' ? 0 : 1);
  expect(server.journal.events('response.abandoned')).toMatchObject([{ request: 1, by: 'fault', how, cause: 'cut' }]);
});

test.each(['h2', 'http/1.1'] as const)('a hang on %s outlasts every rule of the service', async (protocol) => {
  await using server = await startWith('headers', 'hang');
  await using client = await (protocol === 'h2' ? openClient(server) : openHttp1Client(server));
  void client.post(TASKS, textOnly);
  await server.journal.waitFor('response.abandoned');

  await server.clock.advance(60_000);
  expect(server.journal.events('connection.ended')).toEqual([]);
  await client[Symbol.asyncDispose]();
  expect(await server.journal.waitFor('connection.ended')).toMatchObject({
    by: 'client',
    requests: [{ method: 'POST', path: TASKS }],
  });
});

test('a body that is shorter than `bodyBytes` comes whole, but never ends', async () => {
  await using server = await startWith({ bodyBytes: 20 }, 'reset');
  await fetch(`${server.adminUrl}/scenario`, {
    method: 'PUT',
    body: 'faults: [{ on: request, inject: [{ end: { at: { bodyBytes: 40 }, how: reset } }] }]',
  });
  await using client = await openClient(server);
  await client.post(TASKS, textOnly);
  expect(client.transcript).toEqual(['HEADERS 200', 'DATA 33', 'RESET']);
});

test.each(['h2', 'http/1.1'] as const)('a download over %s can be cut in its middle', async (protocol) => {
  await using server = await startMockServer({
    clock: 'manual',
    profile: 'dual-stack',
    scenario: {
      tasks: { queued: '0s', running: '0s' },
      faults: [
        {
          name: 'cut',
          on: 'response',
          match: { path: '/:model/*.mp4' },
          inject: [{ end: { at: { bodyBytes: 1_000 }, how: 'reset' } }],
        },
      ],
    },
  });
  await using client = await openClient(server);
  const { id } = JSON.parse((await client.post(TASKS, textOnly)).text);
  await server.clock.advance(1);
  const { content } = JSON.parse((await client.get(`${TASKS}/${id}`)).text);
  const { pathname, search } = new URL(content.video_url);

  await using download = await (protocol === 'h2' ? openClient(server) : openHttp1Client(server));
  await download.get(`${pathname}${search}`);
  expect(download.transcript).toEqual(['HEADERS 200', expect.stringMatching(/^DATA 1000( of \d+)?$/), 'RESET']);
});

test('RST_STREAM carries the code it is given, and leaves the streams beside it alone', async () => {
  await using server = await startMockServer({
    clock: 'manual',
    scenario: {
      faults: [
        {
          name: 'refuse',
          on: 'request',
          when: { nth: 2 },
          inject: [{ end: { at: 'before-commit', how: 'rst-stream', code: 'REFUSED_STREAM' } }],
        },
        { name: 'later', on: 'request', when: { nth: [1, 3] }, inject: [{ delay: { ms: '1s' } }] },
      ],
    },
  });
  await using client = await openClient(server);
  const replies = [client.get(TASKS), client.get(TASKS), client.get(TASKS)] as const;
  expect((await replies[1]).frames).toEqual(['RST_STREAM REFUSED_STREAM']);

  await server.clock.waiting(1_000);
  await server.clock.advance(1_000);
  expect((await replies[0]).frames).toEqual(['HEADERS 200', 'DATA 22', 'END_STREAM']);
  expect((await replies[2]).frames).toEqual(['HEADERS 200', 'DATA 22', 'END_STREAM']);
});

test('a reset takes every stream of the connection with it, and the journal names them', async () => {
  await using server = await startMockServer({
    clock: 'manual',
    scenario: {
      faults: [
        { name: 'stall', on: 'request', when: { nth: 1 }, inject: [{ end: { at: 'headers', how: 'hang' } }] },
        { name: 'cut', on: 'request', when: { nth: 2 }, inject: [{ end: { at: 'before-commit', how: 'reset' } }] },
      ],
    },
  });
  await using client = await openClient(server);
  const replies = [client.get(TASKS), client.post(TASKS, textOnly)] as const;
  for (const reply of await Promise.all(replies)) expect(reply.frames).not.toContain('END_STREAM');
  expect(client.transcript.at(-1)).toBe('RESET');
  expect(server.journal.events('connection.ended')).toMatchObject([
    { by: 'fault', how: 'reset', cause: 'cut', requests: [{ stream: 1 }, { stream: 3 }] },
  ]);
});
