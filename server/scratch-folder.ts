import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { problem, reasonOf, UsageError } from './errors.ts';

/** Memory that Linux shares among processes: containers have it too, and can write to it where the rest is read-only. */
const SHARED_MEMORY = '/dev/shm';

/**
 * Makes a folder for what a server puts into files, such as its CA; whoever asks for it removes it.
 *
 * @param places folders to try, in this order; left out, the one for temporary files, then shared memory
 * @returns its path
 * @throws UsageError NO_SCRATCH_FOLDER when none of them can be written to, with the reason of each
 */
export async function makeScratchFolder(places: readonly string[] = [tmpdir(), SHARED_MEMORY]): Promise<string> {
  const reasons: string[] = [];
  for (const place of places) {
    try {
      return await mkdtemp(join(place, 'seedance-mock-'));
    } catch (error) {
      reasons.push(`${place} (${reasonOf(error)})`);
    }
  }
  throw new UsageError([problem('NO_SCRATCH_FOLDER', { tried: reasons.join(', ') })]);
}
