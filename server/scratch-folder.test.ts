import { readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { openFolder } from '../client-tests/typescript/support/command-line.ts';
import { UsageError } from './errors.ts';
import { makeScratchFolder } from './scratch-folder.ts';

test('it is made where temporary files go', async () => {
  const folder = await makeScratchFolder();
  expect(await realpath(dirname(folder))).toBe(await realpath(tmpdir()));
  expect(await readdir(folder)).toEqual([]);
  await rm(folder, { recursive: true });
});

test('or in the next place, where that cannot be written to', async () => {
  await using open = await openFolder();
  // A folder below a file: not to be had for root either.
  const closed = `${await open.write('file', '')}/folder`;

  const folder = await makeScratchFolder([closed, open.path]);

  expect(dirname(folder)).toBe(open.path);
});

test('and where there is no such place, each is told with its reason, and the way out', async () => {
  await using open = await openFolder();
  const closed = `${await open.write('file', '')}/folder`;

  const made = makeScratchFolder([closed, open.at('missing')]);

  await expect(made).rejects.toThrow(UsageError);
  await expect(made).rejects.toThrow(
    /^NO_SCRATCH_FOLDER\nNo folder for temporary files can be written to: \S+file\/folder \(ENOTDIR: .*\), \S+missing \(ENOENT: .*\)\.\n.*TMPDIR/,
  );
});
