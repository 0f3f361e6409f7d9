import { gunzipSync, gzipSync } from 'node:zlib';
import type { Timer } from '../clock.ts';
import { problem, UsageError } from '../errors.ts';
import type { DeadLetterNews } from '../journal.ts';
import type { Lane } from '../lane.ts';
import type { Callback } from './callback-news.ts';
import type { Letter } from './callback-post.ts';
import { retryClasses } from './callback-schedule.ts';

/** How many dead letters a lane keeps; the oldest makes room for a new one, and the journal says so. */
export const MAX_DEAD_LETTERS = 1_000;

/** A callback that was tried in vain. */
export interface Undelivered extends Callback {
  /** How often it was tried, since it was accepted or replayed. */
  readonly attempts: number;
  /** Why the last try was not acknowledged. */
  readonly reason: string;
}

/** The same as it lies in the archive; times are lane time in Unix milliseconds. */
export interface DeadLetter extends Omit<Undelivered, 'letter'> {
  readonly id: string;
  readonly archivedAtMs: number;
  /** Left out: never. */
  readonly expiresAtMs?: number;
  readonly compressed: boolean;
  /** What it takes up: the letter, packed. */
  readonly packed: Uint8Array;
}

interface Entry {
  readonly dead: DeadLetter;
  readonly expiry: Timer | undefined;
}

/** The archive of callbacks that nobody acknowledged (reference, D5): a bounded list, oldest first, from which they are taken to be
 * delivered again. */
export class DeadLetters {
  readonly #lane: Lane;
  readonly #entries = new Map<string, Entry>();
  #count = 0;

  constructor(lane: Lane) {
    this.#lane = lane;
  }

  /** Keeps a callback, if its retry class keeps any. @param id what it had before, if it was here before */
  archive({ letter, ...undelivered }: Undelivered, id = `dl-${++this.#count}`): void {
    const { archive } = retryClasses[undelivered.class];
    if (!archive) return;
    this.#makeRoom();
    const { clock, journal } = this.#lane;
    const { compressed, keptMs } = archive;
    const packed = packLetter(letter, compressed);
    const archivedAtMs = clock.now();
    const expires = keptMs === undefined ? {} : { expiresAtMs: archivedAtMs + keptMs };
    const dead: DeadLetter = { ...undelivered, id, archivedAtMs, ...expires, compressed, packed };
    const { attempts, reason } = undelivered;
    const bytes = packed.byteLength;
    journal.append({ type: 'dead-letter.archived', ...describe(dead), attempts, reason, bytes, compressed });
    const expiry = keptMs === undefined ? undefined : clock.after(keptMs, () => this.#expire(dead));
    this.#entries.set(id, { dead, expiry });
  }

  /** All of them, oldest first. */
  list(): readonly DeadLetter[] {
    return [...this.#entries.values()].map(({ dead }) => dead);
  }

  /** One of them, with the letter unpacked.
   * @throws UsageError ADMIN_NOT_FOUND */
  open(id: string): DeadLetter & Undelivered {
    const { dead } = this.#find(id);
    return { ...dead, letter: unpackLetter(dead) };
  }

  /** Takes one out, to be delivered again.
   * @throws UsageError ADMIN_NOT_FOUND */
  take(id: string): Callback {
    const { letter, news, class: name, ordinal } = this.open(id);
    const replayed = { ...news, replay: (news.replay ?? 0) + 1 };
    this.#lane.journal.append({ type: 'dead-letter.replayed', ...replayed, letter: id, class: name });
    this.#remove(id);
    return { letter, news: replayed, class: name, ordinal };
  }

  /** Throws one away.
   * @throws UsageError ADMIN_NOT_FOUND */
  delete(id: string): void {
    this.#lane.journal.append({ type: 'dead-letter.deleted', ...describe(this.#find(id).dead) });
    this.#remove(id);
  }

  /** Throws all away, without a word. */
  clear(): void {
    for (const id of [...this.#entries.keys()]) this.#remove(id);
    this.#count = 0;
  }

  #find(id: string): Entry {
    const entry = this.#entries.get(id);
    if (!entry) throw new UsageError([problem('ADMIN_NOT_FOUND', { what: `dead letter "${id}"` })]);
    return entry;
  }

  #expire(dead: DeadLetter): void {
    this.#lane.journal.append({ type: 'dead-letter.expired', ...describe(dead) });
    this.#remove(dead.id);
  }

  #makeRoom(): void {
    const [oldest] = this.#entries.values();
    if (!oldest || this.#entries.size < MAX_DEAD_LETTERS) return;
    const limit = MAX_DEAD_LETTERS;
    this.#lane.journal.append({ type: 'dead-letter.displaced', ...describe(oldest.dead), limit });
    this.#remove(oldest.dead.id);
  }

  #remove(id: string): void {
    this.#entries.get(id)?.expiry?.cancel();
    this.#entries.delete(id);
  }
}

const describe = ({ id, class: name, news }: DeadLetter): DeadLetterNews => ({ ...news, letter: id, class: name });

/** The letter in bytes. Its body may be anything, so it is written as Latin-1, which takes every byte for a character. */
function packLetter({ url, headers, body }: Letter, compressed: boolean): Uint8Array {
  const text = JSON.stringify({ url, headers, body: Buffer.from(body).toString('latin1') });
  return compressed ? gzipSync(text) : Buffer.from(text);
}

function unpackLetter({ packed, compressed }: DeadLetter): Letter {
  const text = Buffer.from(compressed ? gunzipSync(packed) : packed).toString();
  const { url, headers, body }: { url: string; headers: Letter['headers']; body: string } = JSON.parse(text);
  return { url: new URL(url), headers, body: Buffer.from(body, 'latin1') };
}
