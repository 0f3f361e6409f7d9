import { describe, expect, test } from 'vitest';
import { clients, startFaulty } from './support/both-versions.ts';
import { readAnswer as read } from './support/read-answer.ts';
import { standardVideo } from './support/standard-video.ts';
import { TASKS, textOnly } from './support/tasks.ts';
import { makeVideo } from './support/videos.ts';

const VIDEO = standardVideo;
const DOWNLOADS = { path: '/:model/*.mp4' } as const;

describe.each(clients)('%s', (_protocol, open) => {
  test('delay, status, slow-body and end of one rule are carried out in this order', async () => {
    await using server = await startFaulty({
      name: 'outage',
      on: 'request',
      inject: [
        { end: { at: { bodyBytes: 15 }, how: 'reset' } },
        { 'slow-body': { bytesPerSecond: 100 } },
        { status: { code: 503 } },
        { delay: { ms: 200 } },
      ],
    });
    await using client = await open(server);
    const reply = client.post(TASKS, textOnly);
    await server.clock.waiting(200);
    expect(client.transcript).toEqual([]);
    for (const ms of [200, 100, 50]) {
      await server.clock.waiting(ms);
      await server.clock.advance(ms);
    }
    await reply;
    expect(client.transcript).toEqual(['HEADERS 503', expect.stringMatching(/^DATA 15( of \d+)?$/), 'RESET']);
    expect(server.journal.events('task.created')).toEqual([]);
  });

  test('two rules on one request add up; what only one can decide stays with the first', async () => {
    await using server = await startFaulty(
      { name: 'first', on: 'request', inject: [{ delay: { ms: 100 } }, { status: { code: 503 } }] },
      {
        name: 'second',
        on: 'request',
        inject: [{ delay: { ms: 50 } }, { status: { code: 429 } }, { 'drop-header': { name: 'x-request-id' } }],
      },
      { name: 'third', on: 'request', inject: [{ 'drop-header': { name: 'server' } }, 'wrong-type'] },
    );
    await using client = await open(server);
    const reply = read(client.get(TASKS));
    await server.clock.waiting(150);
    await server.clock.advance(150);
    const { status, headers } = await reply;
    expect(status).toBe(503);
    expect(headers['content-type']).toBe('text/html');
    expect(Object.keys(headers)).not.toEqual(expect.arrayContaining(['x-request-id']));
    expect(Object.keys(headers)).not.toEqual(expect.arrayContaining(['server']));
  });

  test('`request`, `video` and `response` meet in one download', async () => {
    await using server = await startFaulty(
      { name: 'late', on: 'request', match: DOWNLOADS, inject: [{ delay: { ms: 100 } }] },
      { name: 'whole', on: 'video', inject: ['range-ignored', { truncated: { afterBytes: 20_000, how: 'fin' } }] },
      {
        name: 'worse',
        on: 'response',
        match: { ...DOWNLOADS, status: 200 },
        inject: [
          { delay: { ms: 300 } },
          { 'slow-body': { bytesPerSecond: 100_000 } },
          { end: { at: { bodyBytes: 1 } } },
        ],
      },
    );
    const { path } = await makeVideo(server);
    await using client = await open(server);
    const reply = client.get(path, { range: 'bytes=5-' });
    for (const ms of [100, 300, 100, 100]) {
      await server.clock.waiting(ms);
      await server.clock.advance(ms);
    }
    await reply;
    const body = expect.stringMatching(`^DATA 20000( of ${VIDEO.length})?$`);
    expect(client.transcript).toEqual(['HEADERS 200', body, 'FIN']);
    expect(server.journal.events('response.abandoned')).toMatchObject([{ cause: 'late, whole, worse', how: 'fin' }]);
    expect(server.journal.events('fault.injected').map(({ hook }) => hook)).toEqual([
      'request',
      'video',
      'video',
      'response',
      'response',
      'response',
    ]);
  });

  test('a download is corrupt from a byte on, and cut behind it', async () => {
    await using server = await startFaulty({
      name: 'spoilt',
      on: 'response',
      match: DOWNLOADS,
      inject: [
        { 'corrupt-body': { how: 'cut', from: 1_000 } },
        { 'wrong-length': { by: 500 } },
        { end: { at: { bodyBytes: 1_010 }, how: 'reset' } },
      ],
    });
    const { path } = await makeVideo(server);
    await using client = await open(server);
    const { headers, text } = await read(client.get(path));
    expect(headers['content-length']).toBe(String(VIDEO.length + 500));
    // Over HTTP/2 the client reads text as UTF-8, over HTTP/1.1 as bytes; blanks are the same in both.
    expect(text.slice(-10)).toBe(' '.repeat(10));
    expect(client.transcript).toEqual(['HEADERS 200', expect.stringMatching(/^DATA 1010( of \d+)?$/), 'RESET']);
  });
});
