import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { maskQuery } from '../../server/wire/mask-query.ts';
import { openClient } from './support/client.ts';
import { openCollector } from './support/collector.ts';
import { openFolder, openServe } from './support/command-line.ts';
import { openCall } from './support/streaming-call.ts';
import { TASKS, textOnly } from './support/tasks.ts';
import { startUpstream } from './support/upstreams.ts';

/** No part of it stands anywhere else. */
const SECRET = 'geheim4711';

const scenario = `
service: { idle: off }
faults:
  - { name: lost, on: request, match: { method: POST }, when: { nth: 2 }, inject: [ end: { at: after-commit, how: rst-stream } ] }
  - { name: again, on: request, match: { path: /again }, inject: [ redirect: {} ] }
  - { name: cut, on: request, match: { path: /cut }, inject: [ end: { at: headers, how: reset } ] }
expect: [ backoff, no-duplicate-creates, tasks-settled, connection-reuse ]
`;

test('keys, cookies and signatures go on to the upstream, and stand in no journal, report, log or export', async () => {
  await using upstream = await startUpstream();
  await using collector = await openCollector();
  await using folder = await openFolder();
  const file = await folder.write('secrets.yaml', scenario);
  const places = [
    '--upstream',
    upstream.url,
    '--upstream-ca',
    upstream.caFile,
    '--otlp',
    new URL(collector.url).origin,
    '--record',
    folder.at('recording'),
  ];
  // Each line of the log in JSON holds what the other one says as well.
  await using serve = await openServe([file, ...places, '--ready-file', folder.at('ready.json')]);
  const headers = {
    authorization: `Bearer ${SECRET}`,
    cookie: `session=${SECRET}`,
    'proxy-authorization': `Basic ${SECRET}`,
    'x-api-key': SECRET,
  };
  const signed = `X-Tos-Signature=${SECRET}&${SECRET}&filter.status=queued`;
  await using client = await openClient(serve);
  for (const path of [TASKS, `${TASKS}?${signed}`]) await client.post(path, textOnly, headers);
  for (const path of [`${TASKS}?${signed}`, `/video.mp4?${signed}`, `/again?${signed}`, `/cut?${signed}`])
    await client.get(path, headers);
  await client.closed;
  await upstream.close();
  {
    await using other = await openClient(serve);
    await other.get(`/down?${signed}`, headers);
    using call = openCall(serve, 'h2', { method: 'GET', path: `/left?${signed}`, headers });
    call.answered.catch(() => {});
  }

  const said = await Promise.all(
    [
      '/',
      '/scenario',
      '/events?limit=10000',
      '/connections',
      '/clients',
      '/metrics',
      '/faults',
      '/tasks',
      ...['json', 'text', 'junit', 'html'].map((format) => `/report?format=${format}`),
    ].map(async (path) => {
      const response = await fetch(`${serve.ready.adminUrl}${path}`);
      expect(response.status).toBe(200);
      return response.text();
    }),
  );
  serve.signal('SIGTERM');
  const { stdout, stderr } = await serve.ended;
  const exported = collector.received.map(({ bytes, headers: sent }) =>
    (sent['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString('latin1'),
  );

  // That it was there to be found.
  const events = said[2] ?? '';
  for (const seen of ['/down?X-Tos-Signature=***&***&filter.status=queued', '/again?X-Tos', 'upstream.failed', 'lost'])
    expect(events).toContain(seen);
  for (const sink of [stdout, exported.join('')]) expect(sink).toContain('/down?X-Tos-Signature=***');
  expect(upstream.journal.events('request.received').map(({ path }) => path)).toContain(`${TASKS}?${signed}`);
  const recorded = await readFile(folder.at('recording/main/events-000001.ndjson'), 'utf8');
  expect(recorded).toContain('/down?X-Tos-Signature=***');
  for (const sink of [...said, stdout, stderr, recorded, ...exported]) expect(sink).not.toContain(SECRET);
});

test('a query says no more than what List is asked by', () => {
  expect(maskQuery('/a')).toBe('/a');
  expect(maskQuery('/a?')).toBe('/a?***');
  expect(maskQuery('/a?page_num=2&page_size=5&filter.task_ids=cgt-1&filter.task_ids=cgt-2')).toBe(
    '/a?page_num=2&page_size=5&filter.task_ids=cgt-1&filter.task_ids=cgt-2',
  );
  expect(maskQuery('/a?token=x&y&page_number=3&filter.=1&filter.model=m#page_num=x')).toBe(
    '/a?token=***&***&page_number=***&filter.=***&filter.model=m#page_num=x',
  );
});
