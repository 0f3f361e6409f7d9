import http2, { type IncomingHttpHeaders } from 'node:http2';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type MockServer, startMockServer } from '../../server/index.ts';
import { createSchema } from '../../server/seedance/create-shape.ts';
import { models } from '../../server/seedance/models.ts';
import { MAX_TASKS } from '../../server/seedance/task-store.ts';
import { TASKS } from './support/tasks.ts';

/** How many creates are sent, and how many of them at a time: one connection takes a hundred streams. */
/** More on CI than a developer waits for. */
const BODIES = process.env.CI ? 10_000 : 2_500;
const AT_ONCE = 100;

const word = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('', '720p', '4k', '16:9', 'adaptive', 'flex', 'mp4'),
);
const url = fc.oneof(word, fc.webUrl(), fc.constantFrom('asset://a', 'data:image/png;base64,AAAA', 'https://x'));
const role = fc.constantFrom(
  undefined,
  'first_frame',
  'last_frame',
  'reference_image',
  'reference_video',
  'reference_audio',
);
const media = (type: string) =>
  fc.record({ type: fc.constant(type), [type]: fc.oneof(fc.record({ url }), url), role }, { requiredKeys: ['type'] });
const item = fc.oneof(
  fc.record({ type: fc.constant('text'), text: word }),
  ...['image_url', 'video_url', 'audio_url'].map(media),
  fc.record({ type: fc.constant('draft_task'), draft_task: fc.record({ id: word }) }),
  fc.object({ maxDepth: 2 }),
);
const value = fc.oneof(
  fc.integer({ min: -2, max: 20 }),
  fc.maxSafeInteger(),
  fc.boolean(),
  word,
  fc.constant(null),
  fc.double(),
);
/** What the document says of a create, with every field now right, now wrong, now missing. */
const nearlyCreate = fc
  .tuple(
    fc.record(
      {
        model: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...models.keys()) }, word),
        content: fc.oneof(fc.constant([{ type: 'text', text: 'A cat.' }]), fc.array(item, { maxLength: 6 })),
      },
      { requiredKeys: [] },
    ),
    fc.dictionary(
      fc.constantFrom(...Object.keys(createSchema.shape).slice(2), 'fps', '__proto__', 'constructor'),
      value,
      {
        maxKeys: 3,
      },
    ),
  )
  .map(([head, rest]) => JSON.stringify({ ...head, ...rest }));
const body = fc.oneof(
  { weight: 8, arbitrary: nearlyCreate },
  { weight: 1, arbitrary: fc.json({ maxDepth: 4 }) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
);

/** Sends what it is given over one connection, and gives the status of each answer, or the code of its reset. */
async function openProber(server: MockServer) {
  const session = http2.connect(server.url, { ca: server.ca });
  const ask = (headers: IncomingHttpHeaders, payload?: string | Buffer) =>
    new Promise<number>((resolve, reject) => {
      const stream = session.request({ authorization: 'Bearer x', ...headers }, { endStream: payload === undefined });
      let status = 0;
      stream.on('response', (answer) => {
        status = Number(answer[':status']);
      });
      stream
        .on('error', reject)
        .on('close', () => resolve(status))
        .resume();
      if (payload !== undefined) stream.end(payload);
    });
  return {
    ask,
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => session.close(() => resolve()));
    },
  };
}

/** Runs so many at a time. */
async function inBatches<T, R>(all: readonly T[], run: (one: T) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  for (let at = 0; at < all.length; at += AT_ONCE)
    done.push(...(await Promise.all(all.slice(at, at + AT_ONCE).map(run))));
  return done;
}

const start = () => startMockServer({ clock: 'manual', profile: 'permissive' });

test(`${BODIES} random creates: none is answered 5xx, and the server is as well as before`, {
  timeout: 120_000,
}, async () => {
  await using server = await start();
  await using prober = await openProber(server);
  const create = { ':method': 'POST', ':path': TASKS, 'content-type': 'application/json' };

  const statuses = await inBatches(fc.sample(body, { numRuns: BODIES, seed: 7 }), (payload) =>
    prober.ask(create, payload),
  );

  const counts = Object.fromEntries(
    [...Map.groupBy(statuses, (status) => status)].map(([status, of]) => [status, of.length]),
  );
  expect(Object.keys(counts).filter((status) => !['200', '400', '404'].includes(status))).toEqual([]);
  // Enough of both, or the probe has lost its way.
  expect(counts[200]).toBeGreaterThan(BODIES / 100);
  expect(counts[400]).toBeGreaterThan(BODIES / 10);
  expect(server.journal.events('bug')).toEqual([]);
  expect(server.tasks.all().length).toBeLessThanOrEqual(MAX_TASKS);
  expect(await prober.ask({ ':path': TASKS })).toBe(200);
});

test('random paths, queries, methods and headers: nothing is answered 5xx', async () => {
  await using server = await start();
  await using prober = await openProber(server);
  const key = fc.constantFrom(
    'page_num',
    'page_size',
    'filter.status',
    'filter.task_ids',
    'filter.model',
    'filter.service_tier',
    'x',
  );
  const query = fc
    .array(fc.tuple(key, word), { maxLength: 4 })
    .map((pairs) => pairs.map(([name, text]) => `${name}=${encodeURIComponent(text)}`).join('&'));
  const segment = fc.oneof(
    word.map(encodeURIComponent),
    fc.constantFrom('', '%', '%00', '..', '*', 'cgt-00000000000000-xxxxx', 'x'.repeat(101), 'x'.repeat(9_000)),
  );
  const headers = fc.dictionary(
    fc.constantFrom('x-client-request-id', 'x-client-timestamp', 'origin', 'range', 'traceparent', 'idempotency-key'),
    fc.string({ unit: fc.constantFrom(...'abc019-:;=/ ".') }).map((text) => text.trim()),
  );
  const request = fc.record({
    method: fc.constantFrom('GET', 'GET', 'DELETE', 'OPTIONS', 'PUT', 'HEAD', 'PATCH'),
    path: fc.tuple(
      fc.constantFrom(TASKS, '/v1/contents/generations/tasks', '', '/doubao-seedance-2-0'),
      fc.array(segment, { maxLength: 2 }),
    ),
    query,
    headers,
  });

  const statuses = await inBatches(
    fc.sample(request, { numRuns: 3_000, seed: 7 }),
    ({ method, path: [head, tail], ...more }) =>
      prober.ask({ ...more.headers, ':method': method, ':path': `${[head, ...tail].join('/') || '/'}?${more.query}` }),
  );

  // What the service has no code for comes from somewhere else: 414 is the router's own.
  const known = [200, 400, 401, 403, 404, 409, 416, 429];
  expect(statuses.filter((status) => !known.includes(status))).toEqual([]);
  expect(new Set(statuses).size).toBeGreaterThan(2);
  expect(server.journal.events('bug')).toEqual([]);
});
