import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type MockServer, startMockServer } from '../../server/index.ts';
import { standardVideo } from '../typescript/support/standard-video.ts';
import { askClient, canRun, runClient } from './run-client.ts';

const TASKS = '/api/v3/contents/generations/tasks';
const key = ['-H', 'authorization: Bearer x'];
const body = '{"model":"doubao-seedance-2-0-260128","content":[{"type":"text","text":"A lighthouse at dusk."}]}';
const video = standardVideo;

// Without HTTP/2 curl refuses the option before anything else.
const hasCurl = canRun('curl', '--http2', '--version');
if (!hasCurl) console.log('curl tests are left out: there is no curl with HTTP/2');

/** How curl ends when TLS is cut. */
const HANDSHAKE_CUT = [35];
/** How curl ends when it is cut later: it found out while it sent (55), or while it received (56). */
const CUT = [55, 56];
/** A reset may have struck before curl asks the kernel whom it talks to; that there is no peer any more is news of an RST
 * as well, for after a FIN there still is one. */
const RESET = /Connection reset by peer|getpeername\(\) failed .*not connected/;

interface Task {
  readonly id: string;
  readonly content?: { readonly video_url: string };
}

/** The calls of the README, by curl. */
const usingCurl = (server: MockServer) => {
  const url = `${server.url}${TASKS}`;
  const curl = async (...args: readonly string[]) =>
    (await askClient(server, 'curl', '-sS', '--cacert', server.caFile, ...key, ...args)) as Task;
  return { create: () => curl(url, '-d', body), get: (id: string) => curl(`${url}/${id}`) };
};

/** Makes a video and returns where it lies. */
async function makeVideo(server: MockServer): Promise<string> {
  const { create, get } = usingCurl(server);
  const { id } = await create();
  await server.clock.advance(5_000);
  return (await get(id)).content?.video_url ?? '';
}

/** A folder for what a client saves; it goes with the test. */
async function openFolder() {
  const path = await mkdtemp(join(tmpdir(), 'seedance-mock-curl-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

describe.runIf(hasCurl)('curl makes a video', () => {
  test('as the README shows it', async () => {
    await using server = await startMockServer({ clock: 'manual' });
    const { create, get } = usingCurl(server);

    const { id } = await create();
    expect(await get(id)).toMatchObject({ id, status: 'queued' });
    await server.clock.advance(1_000);
    expect(await get(id)).toMatchObject({ id, status: 'running' });
    await server.clock.advance(4_000);
    expect(await get(id)).toMatchObject({ id, status: 'succeeded' });
  });

  test('and downloads it, whole or in part', async () => {
    await using server = await startMockServer({ clock: 'manual' });
    await using folder = await openFolder();
    const url = await makeVideo(server);
    const download = (file: string, ...args: readonly string[]) =>
      runClient(
        server,
        'curl',
        '-sS',
        '-o',
        join(folder.path, file),
        '-w',
        '%{http_code} %{content_type}',
        ...args,
        url,
      );

    expect((await download('whole.mp4')).stdout).toBe('200 video/mp4');
    expect((await download('part.mp4', '-r', '100-199')).stdout).toBe('206 video/mp4');

    expect(await readFile(join(folder.path, 'whole.mp4'))).toEqual(video);
    expect(await readFile(join(folder.path, 'part.mp4'))).toEqual(video.subarray(100, 200));
  });

  test('and goes on where a download was cut', async () => {
    await using server = await startMockServer({ clock: 'manual', scenario: 'cut-download' });
    await using folder = await openFolder();
    const file = join(folder.path, 'video.mp4');
    const url = await makeVideo(server);

    const cut = await runClient(server, 'curl', '-sS', '-o', file, url);
    expect(cut.exitCode).toBeOneOf(CUT);
    expect(cut.stderr).toMatch(RESET);
    await runClient(server, 'curl', '-sS', '-C', '-', '-o', file, url);

    expect(await readFile(file)).toEqual(video);
  });
});

describe.runIf(hasCurl)('curl, told which HTTP to speak', () => {
  const list = (server: MockServer, scheme: string, options: readonly string[]) =>
    runClient(
      server,
      ...['curl', '-sS', '-o', '/dev/null', '-w', '%{http_version} %{http_code}', ...options, ...key],
      `${server.url.replace('https', scheme)}${TASKS}`,
    );

  test.each([
    ['seedance', '--http2', '2 200'],
    ['seedance', '--http2-prior-knowledge', '2 200'],
    ['dual-stack', '--http2', '2 200'],
    ['dual-stack', '--http1.1', '1.1 200'],
    ['dual-stack', '--no-alpn', '1.1 200'],
  ] as const)('is served in profile %s with %s', async (profile, option, seen) => {
    await using server = await startMockServer({ profile });

    expect(await list(server, 'https', [option])).toMatchObject({ exitCode: 0, stdout: seen });

    expect(server.journal.events('rule.applied')).toEqual([]);
  });

  test.each([
    ['seedance', 'https', '--http1.1', HANDSHAKE_CUT, 'client offered ["http/1.1"]; h2 required -> reset'],
    ['seedance', 'https', '--no-alpn', CUT, 'ALPN absent -> reset'],
    ['dual-stack', 'https', '--no-alpn --http2-prior-knowledge', CUT, 'client attempted h2c downgrade'],
    ['seedance', 'http', '--http2-prior-knowledge', CUT, 'client attempted h2c downgrade'],
    ['seedance', 'http', '--http2', CUT, "rejecting 'h2c' upgrade request"],
    ['seedance', 'http', '--http1.1', CUT, 'HTTP in clear text -> reset'],
  ] as const)('is reset in profile %s at %s:// with %s', async (profile, scheme, options, exitCodes, line) => {
    await using server = await startMockServer({ profile });

    const ran = await list(server, scheme, options.split(' '));

    expect(ran.exitCode).toBeOneOf(exitCodes);
    expect(ran.stderr).toMatch(RESET);
    expect(server.journal.events('rule.applied')).toMatchObject([{ line: expect.stringContaining(line) }]);
    expect(server.journal.events('connection.ended')).toMatchObject([{ by: 'rule', how: 'reset' }]);
  });
});
