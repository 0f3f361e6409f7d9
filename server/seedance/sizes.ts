import { type Resolution, resolutions } from './models.ts';

type Size = readonly [width: number, height: number];

/** Pixels of a result, by resolution and ratio (reference, section 11). */
const sizes = {
  '480p': {
    '16:9': [864, 496],
    '4:3': [752, 560],
    '1:1': [640, 640],
    '3:4': [560, 752],
    '9:16': [496, 864],
    '21:9': [992, 432],
  },
  '720p': {
    '16:9': [1280, 720],
    '4:3': [1112, 834],
    '1:1': [960, 960],
    '3:4': [834, 1112],
    '9:16': [720, 1280],
    '21:9': [1470, 630],
  },
  '1080p': {
    '16:9': [1920, 1080],
    '4:3': [1664, 1248],
    '1:1': [1440, 1440],
    '3:4': [1248, 1664],
    '9:16': [1080, 1920],
    '21:9': [2206, 946],
  },
  '4k': {
    '16:9': [3840, 2160],
    '4:3': [3326, 2494],
    '1:1': [2880, 2880],
    '3:4': [2494, 3326],
    '9:16': [2160, 3840],
    '21:9': [4398, 1886],
  },
} as const satisfies Record<Resolution, Record<string, Size>>;

export type Ratio = keyof (typeof sizes)['480p'];

export const FRAMES_PER_SECOND = 24;

/** Pixels of a result. */
export function sizeOf(resolution: Resolution, ratio: Ratio): { readonly width: number; readonly height: number } {
  const [width, height] = sizes[resolution][ratio];
  return { width, height };
}

export const ratios = Object.keys(sizes['480p']) as readonly Ratio[];

/** Every size that a result can have. */
export const allSizes = resolutions.flatMap((resolution) =>
  ratios.map((ratio) => ({ resolution, ratio, ...sizeOf(resolution, ratio) })),
);

export const isRatio = (text: string): text is Ratio => Object.hasOwn(sizes['480p'], text);

/** What a result costs: `width × height × frames ÷ 1024`, rounded down (reference, section 11). */
export function countTokens(resolution: Resolution, ratio: Ratio, frames: number): number {
  const { width, height } = sizeOf(resolution, ratio);
  return Math.floor((width * height * frames) / 1024);
}
