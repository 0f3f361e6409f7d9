import { describe, expect, test } from 'vitest';
import { clients, startFaulty } from './support/both-versions.ts';
import { openClient } from './support/client.ts';
import { openHttp1Client } from './support/http1.ts';
import { readAnswer as read } from './support/read-answer.ts';
import { standardVideo } from './support/standard-video.ts';
import { findVideo, makeVideo } from './support/videos.ts';

/** The size of every video. */
const SIZE = standardVideo.length;

describe.each(clients)('%s', (_protocol, open) => {
  test('an expired URL is refused as by the storage, and the next poll has a good one', async () => {
    await using server = await startFaulty({
      name: 'expired',
      on: 'video',
      when: { first: 1, per: 'task' },
      inject: ['expired-url'],
    });
    await using client = await open(server);
    for (const _task of [1, 2]) {
      const { id, path } = await makeVideo(server);
      const { status, headers, text } = await read(client.get(path));
      expect(status).toBe(403);
      expect(JSON.parse(text)).toMatchObject({ Code: 'AccessDenied', RequestId: headers['x-request-id'] });
      expect(await read(client.get(await findVideo(server, id)))).toMatchObject({ status: 200 });
    }
    expect(server.journal.events('fault.injected')).toMatchObject([
      { hook: 'video', fault: 'expired', ordinal: 1, did: 'answer 403, as if the URL had expired' },
      { hook: 'video', fault: 'expired', ordinal: 1 },
    ]);
  });

  test.each([
    { params: { afterBytes: 1_000 }, sent: 1_000, end: 'RESET' },
    { params: { share: 0.25, how: 'fin' as const }, sent: Math.floor(SIZE / 4), end: 'FIN' },
  ])('a truncated video announces its full length, and ends with $end', async ({ params, sent, end }) => {
    await using server = await startFaulty({ name: 'cut', on: 'video', inject: [{ truncated: params }] });
    const { path } = await makeVideo(server);
    await using client = await open(server);
    await client.get(path);
    expect(server.journal.events('response.abandoned')).toMatchObject([{ how: end.toLowerCase(), cause: 'cut' }]);
    expect(client.transcript).toEqual(['HEADERS 200', expect.stringMatching(`^DATA ${sent}( of ${SIZE})?$`), end]);
  });

  test('what is left of a truncated video can be fetched by Range', async () => {
    await using server = await startFaulty({
      name: 'cut',
      on: 'video',
      when: { first: 1 },
      inject: [{ truncated: { afterBytes: 1_000 } }],
    });
    const { path } = await makeVideo(server);
    {
      await using first = await open(server);
      await first.get(path);
    }
    await using client = await open(server);
    const { status, headers } = await read(client.get(path, { range: 'bytes=1000-' }));
    expect(status).toBe(206);
    expect(headers['content-length']).toBe(String(SIZE - 1_000));
  });

  test('a slow video comes at its pace, in lane time', async () => {
    await using server = await startFaulty({
      name: 'slow',
      on: 'video',
      inject: [{ slow: { bytesPerSecond: 100_000 } }],
    });
    const { path } = await makeVideo(server);
    await using client = await open(server);
    const asked = read(client.get(path, { range: 'bytes=0-29999' }));
    for (const _piece of [1, 2, 3]) {
      await server.clock.waiting(100);
      expect(server.journal.events('response.sent').filter((sent) => sent.path === path)).toEqual([]);
      await server.clock.advance(100);
    }
    expect(await asked).toMatchObject({ status: 206 });
  });

  test('a range that is ignored is answered with 200 and the whole file', async () => {
    await using server = await startFaulty({ name: 'whole', on: 'video', inject: ['range-ignored'] });
    const { path } = await makeVideo(server);
    await using client = await open(server);
    const { status, headers } = await read(client.get(path, { range: 'bytes=1000-' }));
    expect(status).toBe(200);
    expect(headers).not.toHaveProperty('content-range');
    expect(headers['content-length']).toBe(String(SIZE));
    // Who asks for all of it gets it anyway: nothing is injected.
    expect(await read(client.get(path))).toMatchObject({ status: 200 });
    expect(server.journal.events('fault.injected')).toHaveLength(1);
  });
});

test('a URL that is no good never reaches the hook', async () => {
  await using server = await startFaulty({ name: 'expired', on: 'video', inject: ['expired-url'] });
  const { path } = await makeVideo(server);
  await using client = await openClient(server);
  expect(JSON.parse((await client.get(path.replace(/Signature=\w+/, 'Signature=0'))).text)).toMatchObject({
    Code: 'SignatureDoesNotMatch',
  });
  expect(server.journal.events('fault.injected')).toEqual([]);
});

test('a match on path and headers chooses the download', async () => {
  await using server = await startFaulty({
    name: 'parts',
    on: 'video',
    match: { path: '/:model/*.mp4', headers: { range: 'bytes=*' }, protocol: 'h2' },
    inject: ['expired-url'],
  });
  const { path } = await makeVideo(server);
  await using client = await openClient(server);
  await using client1 = await openHttp1Client(server);
  const range = { range: 'bytes=0-9' };
  expect(await read(client.get(path))).toMatchObject({ status: 200 });
  expect(await read(client1.get(path, range))).toMatchObject({ status: 206 });
  expect(await read(client.get(path, range))).toMatchObject({ status: 403 });
});
