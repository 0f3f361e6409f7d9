import { constants } from 'node:fs';
import { access, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { getSystemErrorMessage } from 'node:util';
import { problem, reasonOf, UsageError } from './errors.ts';

/** The code of a system error, such as `ENOSPC`. */
const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error ? String(error.code) : undefined;

/** Why the file system refused, without the paths: `ENOSPC: no space left on device`. */
export function whyRefused(error: unknown): string {
  const isSystemError = error instanceof Error && 'errno' in error && typeof error.errno === 'number';
  return isSystemError ? `${codeOf(error)}: ${getSystemErrorMessage(error.errno as number)}` : reasonOf(error);
}

/** What to tell a user whose file cannot be written. */
export const unwritable = (file: string, error: unknown): UsageError =>
  new UsageError([problem('FILE_UNWRITABLE', { file, reason: whyRefused(error), code: codeOf(error) })]);

/**
 * Writes a file whole or not at all: the text goes into a temporary file in the same folder, which then takes the place of the
 * old one. Readers never see a part, and a full disk leaves the old file as it was. A device or a pipe is written to directly,
 * and so is an existing file in a folder that takes no new ones, such as one that is mounted into a container.
 *
 * @throws UsageError FILE_UNWRITABLE
 */
export async function writeWhole(file: string, text: string): Promise<void> {
  try {
    // The file itself, not a link to it: a link stays one.
    const target = await realpath(file).catch(() => file);
    const found = await stat(target).catch(() => undefined);
    if (found) await access(target, constants.W_OK);
    if (found && !found.isFile()) return await writeFile(target, text);
    try {
      await replace(target, text, found?.mode);
    } catch (error) {
      if (!found || isFull(error)) throw error;
      await writeFile(target, text);
    }
  } catch (error) {
    throw unwritable(file, error);
  }
}

const isFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes(codeOf(error) ?? '');

let written = 0;

async function replace(target: string, text: string, mode: number | undefined): Promise<void> {
  const temporary = join(dirname(target), `.seedance-mock-${process.pid}-${++written}.part`);
  try {
    // Flushed, since some disks report only then that they are full.
    await writeFile(temporary, text, { flag: 'wx', flush: true, ...(mode !== undefined && { mode }) });
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
