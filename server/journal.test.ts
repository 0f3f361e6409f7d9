import { expect, test } from 'vitest';
import { Journal } from './journal.ts';

const openJournal = (capacity?: number) => {
  let now = 1_000;
  return new Journal(() => now++ + 0.7, capacity);
};

const deleted = (journal: Journal, ...tasks: string[]) => {
  for (const task of tasks) journal.append({ type: 'task.deleted', task });
};

test('events are numbered from 1 and stamped with whole milliseconds of lane time', () => {
  const journal = openJournal();
  expect(journal.seq).toBe(0);
  deleted(journal, 'a', 'b');
  expect(journal.events()).toEqual([
    { seq: 1, at: 1_000, type: 'task.deleted', task: 'a' },
    { seq: 2, at: 1_001, type: 'task.deleted', task: 'b' },
  ]);
  expect(journal.seq).toBe(2);
});

test('events can be asked for by type, and after a number', () => {
  const journal = openJournal();
  deleted(journal, 'a');
  journal.append({ type: 'lane.reset' });
  deleted(journal, 'b', 'c');
  expect(journal.events('task.deleted', 1).map(({ task }) => task)).toEqual(['b', 'c']);
  expect(journal.events('lane.reset')).toHaveLength(1);
  expect(journal.events(undefined, 4)).toEqual([]);
});

test('the oldest make room for the newest, and are counted', () => {
  const journal = openJournal(3);
  deleted(journal, 'a', 'b', 'c');
  expect(journal.dropped).toBe(0);
  deleted(journal, 'd', 'e');
  expect(journal.dropped).toBe(2);
  expect(journal.seq).toBe(5);
  expect(journal.events('task.deleted').map(({ seq, task }) => `${seq}${task}`)).toEqual(['3c', '4d', '5e']);
  expect(journal.events('task.deleted', 1)).toHaveLength(3);
});

test('a reader is told of each event from now on, until it stops', () => {
  const journal = openJournal();
  const read: number[] = [];
  deleted(journal, 'a');
  const stop = journal.subscribe(({ seq }) => read.push(seq));
  deleted(journal, 'b', 'c');
  stop();
  deleted(journal, 'd');
  expect(read).toEqual([2, 3]);
});

test('a reader finds an event in the journal by the time it is told', () => {
  const journal = openJournal();
  const found: number[] = [];
  journal.subscribe(({ seq }) => found.push(journal.events().filter((event) => event.seq === seq).length));
  deleted(journal, 'a');
  expect(found).toEqual([1]);
});

test('a reader may stop while it is told', () => {
  const journal = openJournal();
  const read: string[] = [];
  const stop = journal.subscribe(({ seq }) => {
    read.push(`first ${seq}`);
    stop();
  });
  journal.subscribe(({ seq }) => read.push(`second ${seq}`));
  deleted(journal, 'a', 'b');
  expect(read).toEqual(['first 1', 'second 1', 'second 2']);
});

test('waiting finds what is there already', async () => {
  const journal = openJournal();
  deleted(journal, 'a', 'b');
  expect(await journal.waitFor('task.deleted', ({ task }) => task === 'b')).toMatchObject({ seq: 2 });
});

test('waiting ends with the first event that is meant', async () => {
  const journal = openJournal();
  const waited = journal.waitFor('task.deleted', ({ task }) => task === 'c');
  journal.append({ type: 'lane.reset' });
  deleted(journal, 'b', 'c', 'c');
  expect(await waited).toMatchObject({ seq: 3 });
});
