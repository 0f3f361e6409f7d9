import { createHmac, hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Clock } from '../clock.ts';
import type { Lane } from '../lane.ts';
import { randomText } from '../random.ts';
import type { Task } from './task.ts';
import type { ResultUrls } from './task-body.ts';
import { fromBasicTime, toBasicTime } from './timestamps.ts';

/** How long a result can be fetched (reference, section 11). */
export const URL_LIFETIME_SECONDS = 86_400;

/** What can be fetched: by file ending, its type and where it lies. */
const media = {
  mp4: { type: 'video/mp4', file: new URL('../seedance/media/video.mp4', import.meta.url) },
  jpg: { type: 'image/jpeg', file: new URL('../seedance/media/last-frame.jpg', import.meta.url) },
} as const;
export type MediaEnding = keyof typeof media;

/** A file, read once. */
export interface Media {
  readonly type: string;
  readonly bytes: Buffer;
  /** As object storage makes it: the MD5 of the content. */
  readonly etag: string;
}

/** Why the storage refuses a URL; both are 403. */
export type Refusal = 'SignatureDoesNotMatch' | 'AccessDenied';

/** The object storage beside the API: signed URLs of results, and the one file that every result is. */
export class Videos {
  readonly #clock: Clock;
  readonly #key: string;
  readonly #media = new Map<MediaEnding, Promise<Media>>();

  constructor({ clock, random }: Pick<Lane, 'clock' | 'random'>) {
    this.#clock = clock;
    this.#key = randomText(random, '0123456789abcdef', 64);
  }

  /** The URLs of a task's result, signed for 24 h from its success. */
  linksTo({ settings, fileId, updatedAtMs }: Task, origin: string): ResultUrls {
    const link = (ending: MediaEnding) => {
      const path = `/${settings.model.name}/${fileId}.${ending}`;
      return `${origin}${path}?${this.#sign(path, updatedAtMs)}`;
    };
    return { video: link('mp4'), lastFrame: link('jpg') };
  }

  /** Whether a URL is signed by us, for this method, and still alive; undefined lets it in. */
  refuse(method: string, path: string, query: Readonly<Record<string, unknown>>): Refusal | undefined {
    const { 'X-Tos-Signature': signature, ...rest } = query;
    const signed = new URLSearchParams(
      Object.entries(rest).map(([name, value]): [string, string] => [name, String(value)]),
    );
    if (signature !== this.#signature(method, path, signed)) return 'SignatureDoesNotMatch';
    const diesAtMs = fromBasicTime(String(rest['X-Tos-Date'])) + Number(rest['X-Tos-Expires']) * 1_000;
    return this.#clock.now() < diesAtMs ? undefined : 'AccessDenied';
  }

  /** The file behind every URL of this ending. */
  read(ending: MediaEnding): Promise<Media> {
    const known = this.#media.get(ending);
    if (known) return known;
    const { type, file } = media[ending];
    const reading = readFile(file).then((bytes) => ({ type, bytes, etag: `"${hash('md5', bytes)}"` }));
    this.#media.set(ending, reading);
    return reading;
  }

  #sign(path: string, atMs: number): URLSearchParams {
    const date = toBasicTime(atMs);
    const signed = new URLSearchParams({
      'X-Tos-Algorithm': 'TOS4-HMAC-SHA256',
      'X-Tos-Credential': `AKLTseedancemock/${date.slice(0, 8)}/cn-beijing/tos/request`,
      'X-Tos-Date': date,
      'X-Tos-Expires': String(URL_LIFETIME_SECONDS),
      'X-Tos-SignedHeaders': 'host',
    });
    signed.set('X-Tos-Signature', this.#signature('GET', path, signed));
    signed.sort();
    return signed;
  }

  // The method is part of it, which is why HEAD fails. The host is not, whatever SignedHeaders says: published ports
  // and proxies change it on the way.
  #signature(method: string, path: string, signed: URLSearchParams): string {
    const sorted = new URLSearchParams(signed);
    sorted.sort();
    return createHmac('sha256', this.#key).update(`${method}\n${path}\n${sorted}`).digest('hex');
  }
}
