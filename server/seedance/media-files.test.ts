import { ALL_FORMATS, BufferSource, Input } from 'mediabunny';
import { describe, expect, test } from 'vitest';
import { makeVideo, readLastFrame } from './media-files.ts';
import type { ResultShape } from './result-shape.ts';
import { allSizes, sizeOf } from './sizes.ts';

const shape: ResultShape = { resolution: '720p', ratio: '16:9', frames: 120, sound: true, container: 'mp4' };

async function look(bytes: Buffer) {
  const input = new Input({ formats: ALL_FORMATS, source: new BufferSource(bytes) });
  const [video, audio] = [await input.getPrimaryVideoTrack(), await input.getPrimaryAudioTrack()];
  const { packetCount, averagePacketRate } = (await video?.computePacketStats()) ?? {};
  return {
    seconds: await input.computeDuration(),
    codec: video?.codec,
    size: [video?.codedWidth, video?.codedHeight],
    frames: packetCount,
    rate: Math.round(averagePacketRate ?? 0),
    sound: audio && [audio.codec, audio.numberOfChannels],
  };
}

describe.each(allSizes)('$resolution $ratio', ({ resolution, ratio, width, height }) => {
  test(`is ${width} x ${height}`, async () => {
    const bytes = await makeVideo({ ...shape, resolution, ratio, frames: 96 });
    expect(await look(bytes)).toEqual({
      seconds: 4,
      codec: resolution === '4k' ? 'hevc' : 'avc',
      size: [width, height],
      frames: 96,
      rate: 24,
      sound: ['aac', 1],
    });
    // `moov` before `mdat`: a player can start before it has all of it.
    expect(bytes.indexOf('moov')).toBeLessThan(bytes.indexOf('mdat'));
  });

  test('has a last frame of the same size', async () => {
    const jpeg = await readLastFrame({ ...shape, resolution, ratio });
    // SOF0: marker, length, precision, then height and width (ITU-T T.81, section B.2.2).
    const at = jpeg.indexOf(Buffer.from('ffc0', 'hex'));
    expect([jpeg.readUInt16BE(at + 7), jpeg.readUInt16BE(at + 5)]).toEqual([width, height]);
  });
});

test.each(Array.from({ length: 29 }, (_, index) => index + 2))('%i s last so long', async (seconds) => {
  const { frames, ...rest } = await look(await makeVideo({ ...shape, resolution: '480p', frames: 24 * seconds }));
  expect(frames).toBe(24 * seconds);
  expect(rest.seconds).toBeCloseTo(seconds, 6);
});

test.each([29, 33, 289])('%i frames are so many', async (frames) => {
  expect(await look(await makeVideo({ ...shape, frames }))).toMatchObject({ frames });
});

test('without sound there is no track for it', async () => {
  expect(await look(await makeVideo({ ...shape, sound: false }))).toMatchObject({ sound: null, seconds: 5 });
});

test('mov is QuickTime', async () => {
  const bytes = await makeVideo({ ...shape, container: 'mov' });
  expect(bytes.toString('latin1', 8, 12)).toBe('qt  ');
  expect(await look(bytes)).toMatchObject({ size: Object.values(sizeOf('720p', '16:9')), frames: 120 });
});

test('the same shape gives the same bytes, and says nothing of when it was made', async () => {
  const bytes = await makeVideo(shape);
  expect((await makeVideo(shape)).equals(bytes)).toBe(true);
  // Behind the type: version and flags, then creation and modification time.
  const at = bytes.indexOf('mvhd') + 8;
  expect([bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4)]).toEqual([0, 0]);
});
