import { expect, test } from 'vitest';
import { type Examination, fail, ok, warn } from './examination.ts';
import { examineAll } from './examine.ts';
import { subjectFor } from './testing.ts';

const examination = (name: string, rest: Omit<Examination, 'name' | 'summary'>): Examination => ({
  name,
  summary: 'For a test.',
  ...rest,
});

test('the report has every finding in the order of the table, and the worst outcome', async () => {
  const table = [
    examination('slow', { examine: async () => warn('slow', 'hurry') }),
    examination('good', { examine: () => ok('good') }),
    examination('bad', { examine: () => fail('bad', 'mend it') }),
  ];
  expect(await examineAll(table, subjectFor({ kind: 'target', host: '::1', port: 1 }))).toEqual({
    version: 1,
    outcome: 'fail',
    target: '[::1]:1',
    examinations: [
      { name: 'slow', outcome: 'warn', seen: 'slow', remedy: 'hurry' },
      { name: 'good', outcome: 'ok', seen: 'good' },
      { name: 'bad', outcome: 'fail', seen: 'bad', remedy: 'mend it' },
    ],
  });
  expect((await examineAll(table.slice(0, 2), subjectFor({ kind: 'machine' }))).outcome).toBe('warn');
  expect((await examineAll([], subjectFor({ kind: 'machine' }))).outcome).toBe('ok');
});

test('only what can be made of a subject is made', async () => {
  const table = [
    examination('both', { examine: () => ok('') }),
    examination('here', { only: 'machine', examine: () => ok('') }),
    examination('there', { only: 'target', examine: () => ok('') }),
  ];
  const namesOf = async (kind: 'machine' | 'target') =>
    (await examineAll(table, subjectFor({ kind }))).examinations.map(({ name }) => name);
  expect(await namesOf('machine')).toEqual(['both', 'here']);
  expect(await namesOf('target')).toEqual(['both', 'there']);
});

test('one that throws, or does not end, is told as what could not be told', async () => {
  const aborted: unknown[] = [];
  const table = [
    examination('throws', {
      examine: () => {
        throw new Error('no such thing');
      },
    }),
    examination('never ends', {
      limitMs: 20,
      examine: (_, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            aborted.push('never ends');
            reject(new Error('aborted'));
          });
        }),
    }),
    examination('deaf', { limitMs: 20, examine: () => new Promise(() => {}) }),
  ];
  const { outcome, examinations } = await examineAll(table, subjectFor({ kind: 'machine' }));
  expect(outcome).toBe('warn');
  expect(examinations.map(({ seen }) => seen)).toEqual([
    'cannot be told: no such thing',
    'cannot be told: it took longer than 0.02 s',
    'cannot be told: it took longer than 0.02 s',
  ]);
  expect(aborted).toEqual(['never ends']);
});
