import type { ContentItem } from './create-shape.ts';
import { invalid } from './errors.ts';

interface InlineMedia {
  readonly formats: readonly string[];
  readonly maxBytes: number;
}

export const MEBIBYTE = 2 ** 20;

/** What may stand in a `data:` URL (reference, section 2.2). Video may not. */
export const inlineMedia = {
  image: { formats: ['jpeg', 'jpg', 'png', 'webp', 'bmp', 'tiff', 'gif', 'heic', 'heif'], maxBytes: 30 * MEBIBYTE },
  audio: { formats: ['wav', 'mp3', 'mpeg'], maxBytes: 15 * MEBIBYTE },
} as const satisfies Record<string, InlineMedia>;

/** Long enough for any head of a `data:` URL; the base64 behind it may run to megabytes. */
const HEAD_LENGTH = 64;

function checkData(param: string, kind: keyof typeof inlineMedia, url: string): void {
  const [head = '', type, format = ''] = /^data:([^/;,]*)\/([^;,]*);base64,/.exec(url.slice(0, HEAD_LENGTH)) ?? [];
  const { formats, maxBytes } = inlineMedia[kind];
  if (type !== kind || !(formats as readonly string[]).includes(format)) {
    throw invalid(param, `expected data:${kind}/<lower-case format>;base64,... with one of ${formats.join(', ')}`);
  }
  const bytes = Math.floor(((url.length - head.length) * 3) / 4);
  if (bytes > maxBytes) {
    throw invalid(param, `${kind} size ${bytes} exceeds the limit of ${maxBytes} bytes`);
  }
}

function checkUrl(param: string, ...[kind, url]: Media): void {
  if (/^(?:https?|asset):\/\/[^/\s]/i.test(url)) return;
  if (kind === 'video') throw invalid(param, 'reference_video must be provided as a web url');
  if (!url.startsWith('data:')) {
    throw invalid(param, `${kind} must be provided as a web url, a base64 data url or an asset`);
  }
  checkData(param, kind, url);
}

/** The media of an item: what it is to be, and where it comes from. */
export type Media = readonly [kind: 'image' | 'video' | 'audio', url: string];

/** The media that an item brings, if it brings any. */
export function mediaOf(item: ContentItem): Media | undefined {
  switch (item.type) {
    case 'image_url':
      return ['image', item.image_url.url];
    case 'video_url':
      return ['video', item.video_url.url];
    case 'audio_url':
      return ['audio', item.audio_url.url];
    case 'text':
    case 'draft_task':
      return undefined;
  }
}

/**
 * Checks where an item's media come from. What lies behind a web URL is taken on trust here: see
 * media-fetch.ts.
 * @throws ArkError naming the item, `content[1].image_url` style
 */
export function checkMediaUrl(item: ContentItem, at: number): void {
  const media = mediaOf(item);
  if (media) checkUrl(`content[${at}].${item.type}`, ...media);
}
