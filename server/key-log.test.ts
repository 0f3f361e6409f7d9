import { chmod, mkdir, readdir, readFile, rename, stat } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { openFolder } from '../client-tests/typescript/support/command-line.ts';
import { canMount, mountFullDisk } from '../client-tests/typescript/support/small-disk.ts';
import { KeyLog } from './key-log.ts';

const modeOf = async (file: string) => (await stat(file)).mode & 0o777;
const line = (text: string) => Buffer.from(`${text}\n`);
const fail = (reason: string) => expect.fail(reason);

describe('only its owner may read the file', () => {
  test('that is new', async () => {
    await using folder = await openFolder();
    await KeyLog.open(folder.at('keys'));
    expect(await modeOf(folder.at('keys'))).toBe(0o600);
  });

  test.each([0o644, 0o660, 0o604])('that was there with mode %o, whose lines stay', async (mode) => {
    await using folder = await openFolder();
    const file = await folder.write('keys', 'first\n');
    await chmod(file, mode);

    const keyLog = await KeyLog.open(file);
    keyLog.append(line('second'), fail);
    await keyLog.close();

    expect(await readFile(file, 'utf8')).toBe('first\nsecond\n');
    expect(await modeOf(file)).toBe(0o600);
  });

  test('that its owner may not even write again', async () => {
    await using folder = await openFolder();
    const file = await folder.write('keys', '');
    await chmod(file, 0o200);
    await KeyLog.open(file);
    expect(await modeOf(file)).toBe(0o200);
  });

  test('that is made again after it was removed', async () => {
    await using folder = await openFolder();
    const keyLog = await KeyLog.open(folder.at('keys'));
    await rename(folder.at('keys'), folder.at('keys.1'));

    keyLog.append(line('a'), fail);
    await keyLog.close();

    expect(await modeOf(folder.at('keys'))).toBe(0o600);
  });
});

test('lines keep their order', async () => {
  await using folder = await openFolder();
  const keyLog = await KeyLog.open(folder.at('keys'));

  for (let n = 1; n <= 50; n++) keyLog.append(line(`${n}`), fail);
  await keyLog.close();

  expect((await readFile(folder.at('keys'), 'utf8')).trim().split('\n').map(Number)).toEqual(
    Array.from({ length: 50 }, (_, index) => index + 1),
  );
});

test('an outage is reported once, and the lines that follow are whole', async () => {
  await using folder = await openFolder();
  await mkdir(folder.at('logs'));
  const file = folder.at('logs/keys');
  const keyLog = await KeyLog.open(file);
  const failures: string[] = [];
  const append = async (text: string) => {
    keyLog.append(line(text), (reason) => failures.push(reason));
    await keyLog.close();
  };

  await append('a');
  await rename(folder.at('logs'), folder.at('gone'));
  await append('b');
  await append('c');
  expect(failures).toEqual(['ENOENT: no such file or directory']);

  await rename(folder.at('gone'), folder.at('logs'));
  await append('d');
  expect(await readFile(file, 'utf8')).toBe('a\n\nd\n');

  await rename(folder.at('logs'), folder.at('gone'));
  await append('e');
  expect(failures).toHaveLength(2);
});

test.each([
  ['no/such/keys', 'ENOENT: no such file or directory', 'folder that exists'],
  ['.', 'EISDIR: ', 'This is a folder'],
])('%s is refused', async (name, reason, wayOut) => {
  await using folder = await openFolder();
  await expect(KeyLog.open(folder.at(name))).rejects.toMatchObject({
    problems: [
      {
        code: 'FILE_UNWRITABLE',
        message: expect.stringContaining(reason),
        hint: expect.stringContaining(wayOut),
      },
    ],
  });
  expect(await readdir(folder.path)).toEqual([]);
});

test('a new file is discarded, an old one stays', async () => {
  await using folder = await openFolder();
  await folder.write('old', '');
  for (const name of ['old', 'new']) await (await KeyLog.open(folder.at(name))).discard();
  expect(await readdir(folder.path)).toEqual(['old']);
});

test.runIf(canMount())('a disk that is full is an outage', async () => {
  using disk = mountFullDisk();
  const keyLog = await KeyLog.open(disk.at('keys'));
  const failures: string[] = [];

  for (let n = 0; n < 3; n++) keyLog.append(line('a'), (reason) => failures.push(reason));
  await keyLog.close();

  expect(failures).toEqual(['ENOSPC: no space left on device']);
});
