import type { FileHandle } from 'node:fs/promises';
import { mkdir, open, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileName } from './format.ts';

/** The file that is being written is there no longer; what it held is lost. */
export class FileGoneError extends Error {}

/** More lanes of one name one after the other than any server has. */
const MAX_NAMESAKES = 100_000;

/** Makes a folder with those above it, unless it is there. Not with `recursive`: on a read-only
 * disk that says ENOENT, and under /proc it never ends.
 * @returns the topmost that was made */
export async function makeFolder(path: string): Promise<string | undefined> {
  const made = await mkdir(path).then(
    () => path,
    (error: unknown) => error,
  );
  if (made === path) return path;
  if (isTaken(made) && (await stat(path)).isDirectory()) return undefined;
  if (!isMissing(made) || dirname(path) === path) throw made;
  const above = await makeFolder(dirname(path));
  await mkdir(path);
  return above ?? path;
}

/** Makes a folder that was not there before, under a name or the first of `name.2`, `name.3` and so
 * on that is free.
 * @returns its path */
export async function claimFolder(parent: string, name: string): Promise<string> {
  for (let n = 1; ; n++) {
    const folder = join(parent, n === 1 ? name : `${name}.${n}`);
    try {
      await mkdir(folder);
      return folder;
    } catch (error) {
      if (!isTaken(error) || n === MAX_NAMESAKES) throw error;
    }
  }
}

export const isTaken = (error: unknown): boolean => codeOf(error) === 'EEXIST';
const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT';
const codeOf = (error: unknown) => (error instanceof Error && 'code' in error ? error.code : undefined);

/** The files of a lane's recording: as many as are kept, the oldest of which go. */
export class LaneFolder {
  readonly path: string;
  readonly #keptFiles: number;
  #file: { readonly part: number; readonly handle: FileHandle; readonly inode: number; bytes: number } | undefined;
  #oldest = 1;

  constructor(path: string, keptFiles: number) {
    this.path = path;
    this.#keptFiles = keptFiles;
  }

  /** Appends to a file, and begins it if it is the next one. What fails leaves no part of it: the
   * same may be tried again.
   * @throws FileGoneError when the file has gone meanwhile */
  async append(part: number, bytes: Buffer): Promise<void> {
    if (this.#file?.part !== part) await this.#begin(part);
    const file = this.#file;
    if (!file) return;
    const found = await stat(this.#at(part)).catch((error: unknown) => (isMissing(error) ? undefined : refuse(error)));
    if (found?.ino !== file.inode) {
      await this.close();
      throw new FileGoneError('its file is gone');
    }
    try {
      let written = 0;
      // At its place, not at the end: what a full disk has cut off is written over.
      while (written < bytes.length) {
        const rest = bytes.length - written;
        written += (await file.handle.write(bytes, written, rest, file.bytes + written)).bytesWritten;
      }
    } catch (error) {
      await file.handle.truncate(file.bytes).catch(() => {});
      throw error;
    }
    file.bytes += bytes.length;
  }

  async close(): Promise<void> {
    const handle = this.#file?.handle;
    this.#file = undefined;
    await handle?.close();
  }

  /** Removes it with all that it holds. */
  remove(): Promise<void> {
    return rm(this.path, { recursive: true, force: true });
  }

  async #begin(part: number): Promise<void> {
    await this.close();
    // The folder may have gone.
    const handle = await this.#create(part).catch(async (error: unknown) => {
      if (!isMissing(error)) throw error;
      await makeFolder(this.path);
      return this.#create(part);
    });
    this.#file = { part, handle, inode: (await handle.stat()).ino, bytes: 0 };
    while (part - this.#oldest >= this.#keptFiles) {
      await unlink(this.#at(this.#oldest)).catch((error: unknown) => (isMissing(error) ? undefined : refuse(error)));
      this.#oldest++;
    }
  }

  #create(part: number): Promise<FileHandle> {
    return open(this.#at(part), 'wx');
  }

  #at(part: number): string {
    return join(this.path, fileName(part));
  }
}

const refuse = (error: unknown): never => {
  throw error;
};
