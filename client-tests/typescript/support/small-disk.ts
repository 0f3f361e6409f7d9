import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PAGE_BYTES = 4_096;

/** A disk in memory, in a folder. */
export interface SmallDisk extends Disposable {
  readonly path: string;
  /** Names a file on it. */
  readonly at: (name: string) => string;
}

/** Mounts a disk that holds so many pages of 4 KiB.
 * @throws Error where this process may not mount */
export function mountDisk(pages: number): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), 'small-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${pages * PAGE_BYTES}`, 'tmpfs', path], { stdio: 'pipe' });
  } catch (error) {
    rmdirSync(path);
    throw error;
  }
  return {
    path,
    at: (name) => join(path, name),
    [Symbol.dispose]() {
      execFileSync('umount', [path]);
      rmSync(path, { recursive: true });
    },
  };
}

/** Mounts a disk that is full: folders and empty files can be made there, and nothing can be written.
 * @throws Error where this process may not mount */
export function mountFullDisk(): SmallDisk {
  const disk = mountDisk(1);
  writeFileSync(disk.at('filler'), Buffer.alloc(PAGE_BYTES));
  return disk;
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
