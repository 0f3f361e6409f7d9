import { expect, test } from 'vitest';
import { KeptFiles } from './kept-files.ts';

/** Keeps two files, and tells which were made. */
function openKept() {
  const made: string[] = [];
  const kept = new KeptFiles<string>(2);
  const ask = (key: string) => kept.get(key, async () => `${key}${made.push(key)}`);
  return { made, kept, ask };
}

test('a file is made once, also for those who ask while it is being made', async () => {
  const { made, ask } = openKept();
  expect(await Promise.all([ask('a'), ask('a')])).toEqual(['a1', 'a1']);
  expect(await ask('a')).toBe('a1');
  expect(made).toEqual(['a']);
});

test('the one not asked for longest makes room', async () => {
  const { made, ask } = openKept();
  for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) await ask(key);
  expect(made).toEqual(['a', 'b', 'c', 'b']);
});

test('what could not be made is made when it is next asked for', async () => {
  const { kept, ask } = openKept();
  const failed = kept.get('a', () => Promise.reject(new Error('EMFILE')));
  await expect(failed).rejects.toThrow('EMFILE');
  expect(await ask('a')).toBe('a1');
});
