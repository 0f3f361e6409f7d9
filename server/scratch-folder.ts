import { rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { problem, UsageError } from './errors.ts';
import { whyRefused } from './files.ts';

/** Memory that Linux shares among processes: containers have it too, and can write to it where the rest is read-only. */
const SHARED_MEMORY = '/dev/shm';

/** Those of this process that are there now. */
const folders = new Set<string>();

/** A process may end before its servers are closed. */
function removeAtExit(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

/**
 * Makes a folder for what a server puts into files, such as its CA. It goes at the end of the process at the latest.
 *
 * @param files their text, by name
 * @param places folders to try, in this order; left out, the one for temporary files, then shared memory
 * @returns its path, for `removeScratchFolder`
 * @throws UsageError NO_SCRATCH_FOLDER when none of them can be written to, with the reason of each
 */
export async function makeScratchFolder(
  files: Readonly<Record<string, string>>,
  places: readonly string[] = [tmpdir(), SHARED_MEMORY],
): Promise<string> {
  const reasons: string[] = [];
  for (const place of places) {
    try {
      return await makeFolder(place, files);
    } catch (error) {
      reasons.push(`${place} (${whyRefused(error)})`);
    }
  }
  throw noScratchFolder(reasons);
}

/** @param reasons each place that was tried, and why it cannot be written to */
export const noScratchFolder = (reasons: readonly string[]): UsageError =>
  new UsageError([problem('NO_SCRATCH_FOLDER', { tried: reasons.join(', ') })]);

async function makeFolder(place: string, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(place, 'seedance-mock-'));
  if (folders.size === 0) process.once('exit', removeAtExit);
  folders.add(folder);
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    return folder;
  } catch (error) {
    await removeScratchFolder(folder);
    throw error;
  }
}

/** Removes a folder that `makeScratchFolder` made. */
export async function removeScratchFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  folders.delete(folder);
  if (folders.size === 0) process.off('exit', removeAtExit);
}
