import type { Lane } from '../lane.ts';
import type { ContentItem } from './create-shape.ts';
import { type ArkError, invalid } from './errors.ts';
import { MEBIBYTE, type Media, mediaOf } from './media-url.ts';
import { prepareCall } from './near-address.ts';

/** What may come from a web URL (reference, section 2.2): sizes, and formats as far as Content-Type tells them. */
const webMedia = {
  image: { type: 'image/', maxBytes: 30 * MEBIBYTE },
  video: { type: 'video/', maxBytes: 200 * MEBIBYTE },
  audio: { type: 'audio/', maxBytes: 15 * MEBIBYTE },
} as const;

/** Answers that say nothing of what follows. */
const ANY_TYPE = 'application/octet-stream';

/**
 * Looks at the media of a create: whether `asset://` names a known one, and, where the scenario asks for it, whether the web has it.
 * @throws ArkError 400 naming the item, in the sentences of the reference, section 2.3
 */
export async function fetchMedia(items: readonly ContentItem[], lane: Pick<Lane, 'clock' | 'scenario'>): Promise<void> {
  for (const [at, item] of items.entries()) {
    const media = mediaOf(item);
    if (media && /^https?:/i.test(media[1])) await fetchOne(`content[${at}].${item.type}`, media, lane);
  }
}

/** Whether a create has to wait for its media. */
export const fetches = ({ scenario }: Pick<Lane, 'scenario'>, items: readonly ContentItem[]): boolean =>
  scenario.media.fetch && items.some((item) => /^https?:/i.test(mediaOf(item)?.[1] ?? ''));

/** @throws ArkError 400 for an asset that the scenario does not know */
export function checkAssets(items: readonly ContentItem[], known: readonly string[] | undefined): void {
  for (const [at, item] of items.entries()) {
    const id = /^asset:\/\/(.*)$/i.exec(mediaOf(item)?.[1] ?? '')?.[1];
    if (id === undefined || !known || known.includes(id)) continue;
    throw invalid(`content[${at}].${item.type}.url`, `The specified asset ${id} is not found`);
  }
}

async function fetchOne(param: string, [kind, url]: Media, { clock, scenario }: Pick<Lane, 'clock' | 'scenario'>) {
  const { timeout, allow } = scenario.media;
  const patience = new AbortController();
  const timer = clock.after(timeout, () => patience.abort());
  try {
    const call = await prepareCall(new URL(url), { allow, setting: 'media' }, patience.signal);
    const wrong = await new Promise<ArkError | undefined>((resolve, reject) => {
      const asking = call({ method: 'GET' });
      const { type, maxBytes } = webMedia[kind];
      let bytes = 0;
      asking.on('error', reject).on('response', (response) => {
        const { statusCode = 0, headers } = response;
        const sent = headers['content-type'] ?? ANY_TYPE;
        if (statusCode < 200 || statusCode >= 300) return finish(failed(param));
        if (sent !== ANY_TYPE && !sent.startsWith(type)) return finish(invalid(param, `${sent} is no ${kind} format`));
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
