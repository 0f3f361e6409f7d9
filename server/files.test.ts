import { chmod, mkdir, readdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { openFolder } from '../client-tests/typescript/support/command-line.ts';
import { canMount, mountFullDisk } from '../client-tests/typescript/support/small-disk.ts';
import { UsageError } from './errors.ts';
import { whyRefused, writeWhole } from './files.ts';

test('a file is written whole, and nothing else is left beside it', async () => {
  await using folder = await openFolder();

  await writeWhole(folder.at('new.txt'), 'new');

  expect(await readFile(folder.at('new.txt'), 'utf8')).toBe('new');
  expect(await readdir(folder.path)).toEqual(['new.txt']);
});

test('a file that was there is replaced behind its link, and keeps its permissions', async () => {
  await using folder = await openFolder();
  await chmod(await folder.write('old.txt', 'old'), 0o640);
  await symlink('old.txt', folder.at('link.txt'));

  await writeWhole(folder.at('link.txt'), 'new');

  expect(await readlink(folder.at('link.txt'))).toBe('old.txt');
  expect(await readFile(folder.at('old.txt'), 'utf8')).toBe('new');
  expect((await stat(folder.at('old.txt'))).mode & 0o777).toBe(0o640);
  expect((await readdir(folder.path)).toSorted()).toEqual(['link.txt', 'old.txt']);
});

test('a device is written to as it is', async () => {
  await writeWhole('/dev/null', 'text');
  expect((await stat('/dev/null')).isCharacterDevice()).toBe(true);
});

describe('what cannot be written is refused with the way out', () => {
  const refusal = (file: string) => writeWhole(file, 'text').catch((error: unknown) => error);

  test.each([
    ['a folder that is not there', 'no/such/file', /^ENOENT: no such file or directory$/, /folder that exists/],
    ['a folder in the place of the file', 'folder', /^EISDIR: /, /This is a folder: name a file in it\./],
    ['a file in the place of the folder', 'file/report', /^ENOTDIR: not a directory$/, /folder that exists/],
    ['a name that is too long', 'x'.repeat(300), /^ENAMETOOLONG: name too long$/, /folder that exists/],
  ])('%s', async (_, name, reason, wayOut) => {
    await using folder = await openFolder();
    await folder.write('file', '');
    await mkdir(folder.at('folder'));

    const error = await refusal(folder.at(name));

    expect(error).toBeInstanceOf(UsageError);
    const [found] = (error as UsageError).problems;
    expect(found).toMatchObject({ code: 'FILE_UNWRITABLE', hint: expect.stringMatching(wayOut) });
    const [, why] = /^Cannot write (?:.*): (E.*)\.$/.exec(found?.message ?? '') ?? [];
    expect(why).toMatch(reason);
    expect((await readdir(folder.path)).toSorted()).toEqual(['file', 'folder']);
  });

  test('a device that is full', async () =>
    expect(await refusal('/dev/full')).toMatchObject({
      problems: [{ message: 'Cannot write /dev/full: ENOSPC: no space left on device.' }],
    }));

  test.runIf(canMount())('a disk that is full, which keeps what was there', async () => {
    using disk = mountFullDisk();
    await writeFile(disk.at('old.txt'), '');

    for (const name of ['new.txt', 'old.txt']) {
      expect(await refusal(disk.at(name))).toMatchObject({
        problems: [
          {
            message: `Cannot write ${disk.at(name)}: ENOSPC: no space left on device.`,
            hint: 'Free some space there, or name a file on another disk.',
          },
        ],
      });
    }
    expect((await readdir(disk.path)).toSorted()).toEqual(['filler', 'old.txt']);
  });
});

test('an error that is none of the system gives its own words', () => {
  expect(whyRefused(new Error('no words'))).toBe('no words');
  expect(whyRefused('text')).toBe('text');
});
