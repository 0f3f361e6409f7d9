import { expect, test } from 'vitest';
import { describeEnds, environmentOfCopy, nameCopies } from './copies.ts';

const ended = (how: string) => ({ how, well: how === 'exit code 0', started: true });

test('a command that runs once ends as a command, copies by their names', () => {
  expect(describeEnds([ended('exit code 0')])).toEqual(['command: exit code 0']);
  const codes = [0, 0, 0, 7, 0, 7].map((code) => ended(`exit code ${code}`));
  expect(describeEnds([...codes, ended('was ended by SIGSEGV')])).toEqual([
    'copy-1 to copy-3, copy-5: exit code 0',
    'copy-4, copy-6: exit code 7',
    'copy-7: was ended by SIGSEGV',
  ]);
});

test('copies are numbered from 1, and a command that runs once is the first', () => {
  expect([nameCopies(), nameCopies(1), nameCopies(3)]).toEqual([
    ['copy-1'],
    ['copy-1'],
    ['copy-1', 'copy-2', 'copy-3'],
  ]);
});

test('a copy has a key and a name of its own; with an upstream the key of the user', () => {
  const own = { ARK_API_KEY: 'copy-2', SEEDANCE_CLIENT_ID: 'copy-2' };
  expect(environmentOfCopy('copy-2', { copies: 6, upstream: undefined })).toEqual(own);
  const { ARK_API_KEY = 'ark-seedance-mock' } = process.env;
  expect(environmentOfCopy('copy-2', { copies: 6, upstream: 'https://localhost' })).toEqual({ ...own, ARK_API_KEY });
  expect(environmentOfCopy('copy-1', { copies: undefined, upstream: undefined }).ARK_API_KEY).toBe(ARK_API_KEY);
});
