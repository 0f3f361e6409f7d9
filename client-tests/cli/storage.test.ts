import { mkdtempDisposable, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type MockServer, startMockServer } from '../../server/index.ts';
import { openClient } from '../typescript/support/client.ts';
import { standardVideo } from '../typescript/support/standard-video.ts';
import { TASKS, textOnly } from '../typescript/support/tasks.ts';
import { canRun, runClient } from './run-client.ts';

/** Lets a task run to its end, and returns the URL of its video. */
async function makeVideo(server: MockServer): Promise<string> {
  await using client = await openClient(server);
  const { id } = JSON.parse((await client.post(TASKS, textOnly)).text);
  await server.clock.advance(5_000);
  return JSON.parse((await client.get(`${TASKS}/${id}`)).text).content.video_url;
}

const PYTHON = `
import ssl, sys, urllib.request
url, ca, file = sys.argv[1:]
with urllib.request.urlopen(url, context=ssl.create_default_context(cafile=ca)) as answer:
    open(file, 'wb').write(answer.read())
`;

/** Downloads a URL into a file, over HTTP/1.1: the first two offer no ALPN at all. */
const downloaders: readonly {
  readonly name: string;
  readonly alpn: readonly string[] | null;
  readonly command: (url: string, ca: string, file: string) => readonly [string, ...string[]];
}[] = [
  {
    name: 'ffmpeg',
    alpn: null,
    command: (url, ca, file) => ['ffmpeg', '-v', 'error', '-ca_file', ca, '-i', url, '-c', 'copy', '-f', 'mp4', file],
  },
  { name: 'python3', alpn: null, command: (url, ca, file) => ['python3', '-c', PYTHON, url, ca, file] },
  {
    name: 'curl',
    alpn: ['http/1.1'],
    command: (url, ca, file) => ['curl', '-sSf', '--http1.1', '--cacert', ca, '-o', file, url],
  },
];

describe.each(downloaders.filter(({ name }) => canRun(name, name === 'ffmpeg' ? '-version' : '--version')))(
  '$name in profile seedance',
  ({ name, alpn, command }) => {
    test('gets a video from the storage port, and a reset from that of the service', async () => {
      await using folder = await mkdtempDisposable(join(tmpdir(), 'seedance-storage-'));
      await using server = await startMockServer({ clock: 'manual' });
      const url = await makeVideo(server);
      const file = join(folder.path, 'video.mp4');

      const urlAtService = url.replace(server.storageUrl ?? '', server.url);
      const atService = await runClient(server, ...command(urlAtService, server.caFile, file));
      const atStorage = await runClient(server, ...command(url, server.caFile, file));

      expect(atService.exitCode).not.toBe(0);
      expect(server.journal.events('rule.applied')).toMatchObject([{ rule: 'alpn' }]);
      expect(atStorage).toMatchObject({ exitCode: 0, stderr: '' });
      const video = await readFile(file);
      // ffmpeg writes a file of its own.
      if (name === 'ffmpeg') expect(video.subarray(4, 8).toString()).toBe('ftyp');
      else expect(video.equals(standardVideo)).toBe(true);
      const opened = server.journal.events('connection.opened').filter(({ storage }) => storage);
      const hellos = server.journal.events('connection.hello');
      expect(opened.length).toBeGreaterThan(0);
      for (const { connection } of opened)
        expect(hellos.find((hello) => hello.connection === connection)?.alpn).toEqual(alpn);
    });
  },
);

describe.runIf(canRun('ffprobe', '-version'))('ffprobe in profile seedance', () => {
  test('reads a video at its URL', async () => {
    await using server = await startMockServer({ clock: 'manual' });
    const url = await makeVideo(server);
    const format = ['-show_entries', 'format=duration', '-of', 'csv=p=0'];

    const probed = await runClient(server, 'ffprobe', '-v', 'error', '-ca_file', server.caFile, ...format, url);

    expect(probed).toMatchObject({ exitCode: 0, stderr: '', stdout: '5.000000\n' });
  });
});
