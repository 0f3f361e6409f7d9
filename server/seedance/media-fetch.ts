import type { Lane } from '../lane.ts';
import type { ContentItem } from './create-shape.ts';
import { type ArkError, invalid } from './errors.ts';
import { inlineMedia, MEBIBYTE, type Media, mediaOf } from './media-url.ts';
import { prepareCall } from './near-address.ts';

interface WebMedia {
  /** As Content-Type names them. */
  readonly formats: readonly string[];
  readonly maxBytes: number;
}

/** What may come from a web URL (reference, section 2.2): sizes, and formats as far as Content-Type tells them. */
const webMedia: Readonly<Record<Media[0], WebMedia>> = {
  image: { ...inlineMedia.image, formats: [...inlineMedia.image.formats, 'x-ms-bmp'] },
  video: { formats: ['mp4', 'mov', 'quicktime'], maxBytes: 200 * MEBIBYTE },
  audio: { ...inlineMedia.audio, formats: [...inlineMedia.audio.formats, 'x-wav', 'wave', 'vnd.wave'] },
};

/** What storage says of files that nobody gave a type: nothing. */
const UNTOLD = ['application/octet-stream', 'binary/octet-stream'];

/** Whether an answer may be media of a kind, by its Content-Type; one without may be anything. */
function isOfKind(kind: Media[0], contentType: string): boolean {
  const type = (contentType.split(';')[0] ?? '').trim().toLowerCase();
  const [family, format = ''] = type.split('/');
  return type === '' || UNTOLD.includes(type) || (family === kind && webMedia[kind].formats.includes(format));
}

/**
 * Fetches the web media of a create, one after the other, until one fails or `signal` aborts.
 * @throws ArkError 400 naming the item, in the sentences of the reference, section 2.3
 */
export async function fetchMedia(
  items: readonly ContentItem[],
  lane: Pick<Lane, 'clock' | 'scenario' | 'ownPorts'>,
  signal: AbortSignal,
): Promise<void> {
  for (const [at, item] of items.entries()) {
    const media = mediaOf(item);
    if (media && /^https?:/i.test(media[1])) await fetchOne(`content[${at}].${item.type}`, media, lane, signal);
  }
}

/** Whether a create has to wait for its media. */
export const fetches = ({ scenario }: Pick<Lane, 'scenario'>, items: readonly ContentItem[]): boolean =>
  scenario.media.fetch && items.some((item) => /^https?:/i.test(mediaOf(item)?.[1] ?? ''));

/** As in `asset-20260401123456-abcde` (reference, section 2.2). */
const ASSET_ID = /^asset-[\w-]+$/;

/**
 * A mock keeps no assets: any id that looks like one is there, unless the scenario says which are.
 * @throws ArkError 400 for an asset that is not
 */
export function checkAssets(items: readonly ContentItem[], known: readonly string[] | undefined): void {
  for (const [at, item] of items.entries()) {
    const id = /^asset:\/\/(.*)$/i.exec(mediaOf(item)?.[1] ?? '')?.[1];
    if (id === undefined || (known?.includes(id) ?? ASSET_ID.test(id))) continue;
    throw invalid(`content[${at}].${item.type}.url`, `The specified asset ${id} is not found`);
  }
}

async function fetchOne(
  param: string,
  [kind, url]: Media,
  { clock, scenario, ownPorts }: Pick<Lane, 'clock' | 'scenario' | 'ownPorts'>,
  signal: AbortSignal,
): Promise<void> {
  const { timeout, allow } = scenario.media;
  const patience = new AbortController();
  const timer = clock.after(timeout, () => patience.abort());
  try {
    const call = await prepareCall(
      new URL(url),
      { allow, setting: 'media', ownPorts },
      AbortSignal.any([patience.signal, signal]),
    );
    const wrong = await new Promise<ArkError | undefined>((resolve, reject) => {
      const asking = call({ method: 'GET' });
      const { maxBytes } = webMedia[kind];
      let bytes = 0;
      asking.on('error', reject).on('response', (response) => {
        const { statusCode = 0, headers } = response;
        const type = headers['content-type'] ?? '';
        if (statusCode < 200 || statusCode >= 300) return finish(failed(param));
        if (!isOfKind(kind, type)) return finish(invalid(param, `${type} is no supported ${kind} format`));
        const tooLarge = () => invalid(param, `${kind} size exceeds the limit of ${maxBytes} bytes`);
        if (Number(headers['content-length'] ?? 0) > maxBytes) return finish(tooLarge());
        response.on('error', reject).on('end', () => finish());
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > maxBytes) finish(tooLarge());
        });
      });
      asking.end();

      function finish(error?: ArkError) {
        resolve(error);
        asking.destroy();
      }
    });
    if (wrong) throw wrong;
  } catch (error) {
    if (patience.signal.aborted) throw invalid(param, 'timeout while fetching resource');
    throw error instanceof Error && 'param' in error ? error : failed(param);
  } finally {
    timer.cancel();
  }
}

const failed = (param: string) => invalid(param, 'resource download failed');
