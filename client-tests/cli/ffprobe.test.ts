import { execFile } from 'node:child_process';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Agent, request } from 'undici';
import { describe, expect, test } from 'vitest';
import { type MockServer, startMockServer } from '../../server/index.ts';
import { allSizes } from '../../server/seedance/sizes.ts';
import { openClient } from '../typescript/support/client.ts';
import { TASKS, textOnly } from '../typescript/support/tasks.ts';
import { canRun } from './run-client.ts';

const hasFfprobe = canRun('ffprobe', '-version');
if (!hasFfprobe) console.log('ffprobe tests are left out: there is no ffprobe');

interface Probed {
  readonly streams: readonly Readonly<Record<string, string | number>>[];
  readonly format: { readonly duration: string };
}

async function probe(bytes: Buffer): Promise<Probed> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'seedance-probe-'));
  const file = join(folder.path, 'result.mp4');
  await writeFile(file, bytes);
  const options = ['-v', 'error', '-show_streams', '-show_format', '-of', 'json'];
  const { stdout, stderr } = await promisify(execFile)('ffprobe', [...options, file]);
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

class Downloader extends Agent implements AsyncDisposable {
  [Symbol.asyncDispose](): Promise<void> {
    return this.destroy();
  }
}

/** Creates a task, lets it run to its end, and downloads its result. */
async function makeResult(server: MockServer, wanted: object) {
  await using client = await openClient(server);
  const { id } = JSON.parse((await client.post(TASKS, { ...textOnly, ...wanted })).text);
  await server.clock.advance(5_000);
  const task = JSON.parse((await client.get(`${TASKS}/${id}`)).text);
  await using dispatcher = new Downloader({ allowH2: true, connect: { ca: server.ca } });
  const { body } = await request(task.content.video_url, { dispatcher });
  return { task, probed: await probe(Buffer.from(await body.arrayBuffer())) };
}

describe.runIf(hasFfprobe)('ffprobe agrees with Get', () => {
  test.each(allSizes)('$resolution $ratio', async ({ resolution, ratio, width, height }) => {
    await using server = await startMockServer({ clock: 'manual' });
    const { task, probed } = await makeResult(server, { resolution, ratio, duration: 4 });
    expect(task).toMatchObject({ resolution, ratio, duration: 4, framespersecond: 24 });
    expect(Number(probed.format.duration)).toBe(4);
    expect(probed.streams).toMatchObject([
      { codec_type: 'video', width, height, r_frame_rate: '24/1', nb_frames: '96', profile: expect.any(String) },
      { codec_type: 'audio', codec_name: 'aac', channels: 1 },
    ]);
    expect(probed.streams[0]).toMatchObject(
      resolution === '4k' ? { codec_name: 'hevc', pix_fmt: 'yuv420p10le' } : { codec_name: 'h264', pix_fmt: 'yuv420p' },
    );
  });

  test('4 to 15 s, with sound and without', async () => {
    await using server = await startMockServer({ clock: 'manual' });
    for (let duration = 4; duration <= 15; duration++) {
      const generate_audio = duration % 2 === 0;
      const { task, probed } = await makeResult(server, { duration, generate_audio });
      expect(task).toMatchObject({ duration, generate_audio });
      expect(Number(probed.format.duration)).toBe(duration);
      expect(probed.streams).toHaveLength(generate_audio ? 2 : 1);
    }
  });

  test.each([
    ['adaptive', { ratio: 'adaptive' }, { resolution: '720p', ratio: '16:9' }, [1280, 720]],
    ['a draft', { model: 'doubao-seedance-2-5-260628', draft: true, ratio: '1:1' }, { resolution: '480p' }, [640, 640]],
  ])('%s', async (_title, wanted, said, [width, height]) => {
    await using server = await startMockServer({ clock: 'manual' });
    const { task, probed } = await makeResult(server, { duration: 4, ...wanted });
    expect(task).toMatchObject(said);
    expect(probed.streams[0]).toMatchObject({ width, height });
  });

  test('a length in frames', async () => {
    await using server = await startMockServer({ clock: 'manual' });
    const { task, probed } = await makeResult(server, { model: 'doubao-seedance-1-0-pro-250528', frames: 57 });
    expect(task).toMatchObject({ frames: 57 });
    expect(probed.streams[0]).toMatchObject({ nb_frames: '57' });
  });
});
