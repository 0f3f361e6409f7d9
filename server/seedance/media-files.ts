import { readFile } from 'node:fs/promises';
import type { EncodedPacket, Input } from 'mediabunny';
import type { ResultShape } from './result-shape.ts';
import { FRAMES_PER_SECOND, sizeOf } from './sizes.ts';

/** One second of video for each size, its last frame, and some sound: made by scripts/make-media.sh. */
const FOLDER = new URL('../seedance/media/', import.meta.url);

/** Packets of AAC are this long, at the rate of the sample; the first few tell nothing yet. */
const SOUND_SAMPLES = 1_024;
const SOUND_RATE = 48_000;
const SOUND_WARM_UP = 8;
/** 1.6 s: after so many packets the tone of 220 Hz stands where it began. */
const SOUND_PACKETS = 75;

const nameOf = ({ resolution, ratio }: ResultShape): string => {
  const { width, height } = sizeOf(resolution, ratio);
  return `${width}x${height}`;
};

/** The last frame of a result, a JPEG of its size. */
export const readLastFrame = (shape: ResultShape): Promise<Buffer> => readFile(new URL(`${nameOf(shape)}.jpg`, FOLDER));

/**
 * Puts a result together: its one second of video again and again, cut after the last frame, and mono sound beside it. Nothing is
 * encoded, so it takes milliseconds; the same shape always gives the same bytes, as Range and ETag need it.
 */
export async function makeVideo(shape: ResultShape): Promise<Buffer> {
  // Loaded when the first result is fetched: few servers hand one out, and each would start the later for it.
  const mediabunny = await import('mediabunny');
  const { BufferTarget, EncodedAudioPacketSource, EncodedVideoPacketSource, Mp4OutputFormat, MovOutputFormat, Output } =
    mediabunny;
  const format = new (shape.container === 'mov' ? MovOutputFormat : Mp4OutputFormat)({ fastStart: 'in-memory' });
  const target = new BufferTarget();
  const output = new Output({ format, target });

  const picture = await open(mediabunny, `${nameOf(shape)}.mp4`);
  const pictureTrack = await picture.getPrimaryVideoTrack();
  const video = new EncodedVideoPacketSource(shape.resolution === '4k' ? 'hevc' : 'avc');
  output.addVideoTrack(video, { frameRate: FRAMES_PER_SECOND });
  const sound = shape.sound ? await open(mediabunny, 'sound.m4a') : undefined;
  const soundTrack = await sound?.getPrimaryAudioTrack();
  const audio = sound && new EncodedAudioPacketSource('aac');
  if (audio) output.addAudioTrack(audio);
  if (!pictureTrack) throw new Error(`${nameOf(shape)}.mp4 has no picture.`);
  await output.start();

  const frames = await readPackets(mediabunny, pictureTrack);
  const pictureMeta = { decoderConfig: (await pictureTrack.getDecoderConfig()) ?? undefined };
  for (let n = 0; n < shape.frames; n++) {
    const packet = frames[n % frames.length];
    if (packet) await video.add(packet.clone(spanOf(n, 1 / FRAMES_PER_SECOND)), n === 0 ? pictureMeta : undefined);
  }
  if (audio && soundTrack) {
    const packets = (await readPackets(mediabunny, soundTrack)).slice(SOUND_WARM_UP, SOUND_WARM_UP + SOUND_PACKETS);
    const soundMeta = { decoderConfig: (await soundTrack.getDecoderConfig()) ?? undefined };
    // No packet more than fits: the longest track is what a player takes for the length.
    const count = Math.floor(((shape.frames / FRAMES_PER_SECOND) * SOUND_RATE) / SOUND_SAMPLES);
    for (let n = 0; n < count; n++) {
      const packet = packets[n % packets.length];
      if (packet) await audio.add(packet.clone(spanOf(n, SOUND_SAMPLES / SOUND_RATE)), n === 0 ? soundMeta : undefined);
    }
  }
  await output.finalize();
  if (!target.buffer) throw new Error('The muxer left no file.');
  return withoutDates(Buffer.from(target.buffer));
}

const CONTAINERS = ['moov', 'trak', 'mdia'];
const DATED = ['mvhd', 'tkhd', 'mdhd'];

/** Takes out when the file was made (ISO 14496-12, section 8.2.2), which is all that tells it from another of its shape. */
function withoutDates(bytes: Buffer): Buffer {
  for (let at = 0; at + 8 <= bytes.length; ) {
    const size = bytes.readUInt32BE(at) || bytes.length - at;
    const type = bytes.toString('latin1', at + 4, at + 8);
    // Version and flags, then two times of 32 bits, or 64 in version 1.
    if (DATED.includes(type)) bytes.fill(0, at + 12, at + (bytes[at + 8] === 1 ? 28 : 20));
    if (CONTAINERS.includes(type)) withoutDates(bytes.subarray(at + 8, at + size));
    at += size;
  }
  return bytes;
}

const spanOf = (n: number, seconds: number) => ({ timestamp: n * seconds, duration: seconds, sequenceNumber: n });

type Mediabunny = typeof import('mediabunny');

async function open({ ALL_FORMATS, BufferSource, Input }: Mediabunny, name: string): Promise<Input> {
  return new Input({ formats: ALL_FORMATS, source: new BufferSource(await readFile(new URL(name, FOLDER))) });
}

async function readPackets(
  { EncodedPacketSink }: Mediabunny,
  track: ConstructorParameters<Mediabunny['EncodedPacketSink']>[0],
): Promise<readonly EncodedPacket[]> {
  const packets: EncodedPacket[] = [];
  for await (const packet of new EncodedPacketSink(track).packets()) packets.push(packet);
  return packets;
}
