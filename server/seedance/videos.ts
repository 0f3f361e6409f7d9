import { createHmac, hash } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Lane } from '../lane.ts';
import { randomText } from '../random.ts';
import { KeptFiles } from './kept-files.ts';
import { makeVideo, readLastFrame } from './media-files.ts';
import { nameFile, readFileName, shapeOf } from './result-shape.ts';
import type { Task } from './task.ts';
import type { ResultUrls } from './task-body.ts';
import { fromBasicTime, toBasicTime } from './timestamps.ts';

/** How long a result can be fetched (reference, section 11). */
export const URL_LIFETIME_SECONDS = 86_400;

/** What can be fetched: by file ending, its type and how it is made. */
const media = {
  mp4: { type: 'video/mp4', make: makeVideo },
  mov: { type: 'video/quicktime', make: makeVideo },
  jpg: { type: 'image/jpeg', make: readLastFrame },
} as const;
type MediaEnding = keyof typeof media;

/** How many files are kept, ready to be fetched in parts: 80 kB each as a rule, 2 MB at the most (30 s at 1080p). */
const MAX_FILES_KEPT = 64;

/** A file, made once. */
export interface Media {
  readonly type: string;
  readonly bytes: Buffer;
  /** As object storage makes it: the MD5 of the content. */
  readonly etag: string;
}

const ACCOUNT = 'AKLTseedancemock';

/** Why the storage refuses a URL; both are 403. */
export type Refusal = 'SignatureDoesNotMatch' | 'AccessDenied';

/** The object storage beside the API: signed URLs of results, and the files behind them. */
export class Videos {
  readonly #clock: Clock;
  readonly #key: string;
  /** What the paths of its results begin with: the lane, unless it is the main one. They are fetched without a key. */
  readonly #prefix: string;
  readonly #kept = new KeptFiles<Media>(MAX_FILES_KEPT);

  constructor({ id, clock, random }: Pick<Lane, 'id' | 'clock' | 'random'>) {
    this.#clock = clock;
    this.#prefix = id === 'main' ? '' : `/${id}`;
    this.#key = randomText(random, '0123456789abcdef', 64);
  }

  /** The URLs of a task's result, signed for 24 h from its success. */
  linksTo(task: Task, origin: string): ResultUrls {
    const { settings, fileId, updatedAtMs } = task;
    const shape = shapeOf(task);
    const link = (ending: MediaEnding) => {
      const path = `/${settings.model.name}/${nameFile(fileId, shape)}.${ending}`;
      return `${origin}${this.#prefix}${path}?${this.#sign(path, updatedAtMs)}`;
    };
    return { video: link(shape.container), lastFrame: link('jpg') };
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

  /** The file of a name that stood in a URL which was not refused. */
  read(name: string): Promise<Media> {
    const shape = readFileName(name);
    const ending = name.slice(name.indexOf('.') + 1) as MediaEnding;
    const { type, make } = media[ending];
    return this.#kept.get(JSON.stringify([ending, shape]), async () => {
      const bytes = await make(shape);
      return { type, bytes, etag: `"${hash('md5', bytes)}"` };
    });
  }

  #sign(path: string, atMs: number): URLSearchParams {
    const date = toBasicTime(atMs);
    const signed = new URLSearchParams({
      'X-Tos-Algorithm': 'TOS4-HMAC-SHA256',
      'X-Tos-Credential': `${ACCOUNT}/${date.slice(0, 8)}/cn-beijing/tos/request`,
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
