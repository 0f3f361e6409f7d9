import { type Resolution, resolutions } from './models.ts';
import { FRAMES_PER_SECOND, type Ratio, ratios } from './sizes.ts';
import type { Task } from './task.ts';

/** What a result is: what Get says of it and what is in the file both follow from this. */
export interface ResultShape {
  readonly resolution: Resolution;
  readonly ratio: Ratio;
  readonly frames: number;
  readonly sound: boolean;
  readonly container: 'mp4' | 'mov';
}

/** What `adaptive` comes to: the shape of the input is unknown, as it is not fetched. */
const ADAPTIVE_RATIO = '16:9';

/** The result that a task makes. */
export function shapeOf({ settings, chosen: { length } }: Pick<Task, 'settings' | 'chosen'>): ResultShape {
  const { resolution, ratio, generateAudio, outputFormat } = settings;
  return {
    resolution,
    ratio: ratio === 'adaptive' ? ADAPTIVE_RATIO : ratio,
    frames: 'frames' in length ? length.frames : FRAMES_PER_SECOND * length.seconds,
    sound: generateAudio,
    container: outputFormat === 'mov' ? 'mov' : 'mp4',
  };
}

/** 15 digits of a file id; then come those that hold the shape. */
const SHAPE_AT = 15;
const SHAPE_DIGITS = 6;

/**
 * Writes a shape into the id that names a result's files. The URL has to work for as long as its signature holds, also when the
 * task is deleted; the signature covers the path, so nobody can ask for another shape.
 */
export function nameFile(fileId: string, { resolution, ratio, frames, sound }: ResultShape): string {
  const place = resolutions.indexOf(resolution) * ratios.length + ratios.indexOf(ratio);
  const shape = place * 2 + Number(sound);
  const digits = `${shape.toString(16).padStart(2, '0')}${frames.toString(16).padStart(4, '0')}`;
  return fileId.slice(0, SHAPE_AT) + digits + fileId.slice(SHAPE_AT + SHAPE_DIGITS);
}

/** The name of a task's result files without their ending; undefined while it has none. */
export const resultOf = (task: Task): string | undefined =>
  task.status === 'succeeded' ? nameFile(task.fileId, shapeOf(task)) : undefined;

/** Reads the shape that `nameFile` wrote, from the name of a file with a good signature. */
export function readFileName(name: string): ResultShape {
  const [fileId = '', ending] = name.split('.');
  const shape = Number.parseInt(fileId.slice(SHAPE_AT, SHAPE_AT + 2), 16);
  const frames = Number.parseInt(fileId.slice(SHAPE_AT + 2, SHAPE_AT + SHAPE_DIGITS), 16);
  const place = shape >> 1;
  const resolution = resolutions[Math.floor(place / ratios.length)];
  const ratio = ratios[place % ratios.length];
  if (!resolution || !ratio) throw new RangeError(`${name} names no result.`);
  return { resolution, ratio, frames, sound: (shape & 1) === 1, container: ending === 'mov' ? 'mov' : 'mp4' };
}
