import { expect, test } from 'vitest';
import { Clock } from './clock.ts';
import { guarded } from './guarded.ts';
import { Journal } from './journal.ts';

test('what is thrown, and what a promise is rejected with, goes to the handler', async () => {
  const seen: unknown[] = [];
  const note = (error: unknown) => seen.push(error);
  guarded(note, () => {
    throw new Error('thrown');
  })();
  guarded(note, () => Promise.reject(new Error('rejected')))();
  guarded(note, (text: string) => seen.push(text))('given');
  await Promise.resolve();
  expect(seen.map(String)).toEqual(['Error: thrown', 'given', 'Error: rejected']);
});

test('a timer that fails is handed to the guard of its clock, and the others go on', async () => {
  const clock = new Clock({ mode: 'manual' });
  const seen: unknown[] = [];
  clock.guard((error) => seen.push(String(error)));
  clock.after(10, () => {
    throw new Error('broken');
  });
  clock.after(20, () => seen.push('next'));
  await clock.advance(30);
  expect(seen).toEqual(['Error: broken', 'next']);
});

test('a reader that fails is called no more, and its error is a bug; the writer goes on', () => {
  const journal = new Journal(() => 0);
  journal.subscribe(() => {
    throw new Error('unreadable');
  });
  journal.append({ type: 'listener.opened' });
  journal.append({ type: 'listener.opened' });
  expect(journal.events().map(({ type }) => type)).toEqual(['listener.opened', 'bug', 'listener.opened']);
});
