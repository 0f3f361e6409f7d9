import { readdir, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { openFolder } from '../client-tests/typescript/support/command-line.ts';
import { canMount, mountFullDisk } from '../client-tests/typescript/support/small-disk.ts';
import { UsageError } from './errors.ts';
import { makeScratchFolder, removeScratchFolder } from './scratch-folder.ts';

const FILES = { 'a.txt': 'a' };

test('it is made where temporary files go, with its files, and removed with all that is in it', async () => {
  const folder = await makeScratchFolder(FILES);
  expect(await realpath(dirname(folder))).toBe(await realpath(tmpdir()));
  expect(await readdir(folder)).toEqual(['a.txt']);
  expect(await readFile(join(folder, 'a.txt'), 'utf8')).toBe('a');

  await removeScratchFolder(folder);

  expect(await readdir(tmpdir())).not.toContain(basename(folder));
});

test('it may have been removed by somebody else', async () => {
  const folder = await makeScratchFolder(FILES);
  await rm(folder, { recursive: true });
  await removeScratchFolder(folder);
});

test('or in the next place, where that cannot be written to', async () => {
  await using open = await openFolder();
  // A folder below a file: not to be had for root either.
  const closed = `${await open.write('file', '')}/folder`;

  const folder = await makeScratchFolder(FILES, [closed, open.path]);

  expect(dirname(folder)).toBe(open.path);
  await removeScratchFolder(folder);
});

test('and where there is no such place, each is told with its reason, and the way out', async () => {
  await using open = await openFolder();
  const closed = `${await open.write('file', '')}/folder`;

  const made = makeScratchFolder(FILES, [closed, open.at('missing')]);

  await expect(made).rejects.toThrow(UsageError);
  await expect(made).rejects.toThrow(
    /^NO_SCRATCH_FOLDER\nNo folder for temporary files can be written to: \S+file\/folder \(ENOTDIR: .*\), \S+missing \(ENOENT: .*\)\.\n.*TMPDIR/,
  );
});

test.runIf(canMount())('a disk that is full is left as it was, and the next place is taken', async () => {
  using disk = mountFullDisk();
  await using open = await openFolder();

  const folder = await makeScratchFolder(FILES, [disk.path, open.path]);
  expect(dirname(folder)).toBe(open.path);
  await removeScratchFolder(folder);

  await expect(makeScratchFolder(FILES, [disk.path])).rejects.toThrow(
    /NO_SCRATCH_FOLDER\n.*\(ENOSPC: no space left on device\)\.\n.*Free some space/,
  );
  expect(await readdir(disk.path)).toEqual(['filler']);
});
