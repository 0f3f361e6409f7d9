import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A disk in memory, in a folder. */
export interface SmallDisk extends Disposable {
  readonly path: string;
  /** Names a file on it. */
  readonly at: (name: string) => string;
}

/** Mounts a disk of one page, already full: folders and empty files can be made there, and nothing can be written.
 * @throws Error where this process may not mount */
export function mountFullDisk(): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), 'small-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', path], { stdio: 'pipe' });
  } catch (error) {
    rmdirSync(path);
    throw error;
  }
  const at = (name: string) => join(path, name);
  writeFileSync(at('filler'), Buffer.alloc(4_096));
  return {
    path,
    at,
    [Symbol.dispose]() {
      execFileSync('umount', [path]);
      rmSync(path, { recursive: true });
    },
  };
}

/** Whether this process may mount disks; a line says so when it may not. */
export function canMount(): boolean {
  try {
    mountFullDisk()[Symbol.dispose]();
    return true;
  } catch {
    console.log('tests with a full disk are left out: this process may not mount one');
    return false;
  }
}
