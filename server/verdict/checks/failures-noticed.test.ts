import { describe, expect, test } from 'vitest';
import type { JournalEntry } from '../../journal.ts';
import { answers, asks, judgeAfterLoss, judgeBy, looks, moves, opens, type Step, TASKS } from '../testing.ts';
import { failuresNoticed } from './failures-noticed.ts';

const exits = (code?: number): Step => [
  9_000,
  { type: 'command.ended', copy: 'copy-1', how: 'x', ...(code !== undefined && { code }) },
];
/** A create on the first connection that makes a task. */
const makes = (atMs: number, task: string, intent: string | undefined = 'a'): readonly Step[] => [
  asks(atMs, 1, atMs, { method: 'POST', path: TASKS }),
  [
    atMs,
    {
      type: 'task.created',
      task,
      model: 'm',
      connection: 1,
      request: atMs,
      ...(intent && { intent }),
    } satisfies JournalEntry,
  ],
  answers(atMs + 10, 1, atMs, { method: 'POST', path: TASKS }),
];
const shows = (atMs: number, task: string, status: string): readonly Step[] => [
  moves(atMs - 1, task, status),
  ...looks(atMs, `/${task}`),
];
const judge = (...steps: readonly Step[]) => judgeBy(failuresNoticed, {}, [...opens(0, 1), ...steps]);
const outcome = (...steps: readonly Step[]) => judge(...steps).clients.map((one) => one.finding ?? one.outcome);
const failed = [...makes(100, 'cgt-1'), ...shows(200, 'cgt-1', 'failed')];

test.each(['failed', 'expired'])('a task that is %s: the exit code says whether the client noticed', (status) => {
  const seen = [...makes(100, 'cgt-1'), ...shows(200, 'cgt-1', status)];
  expect(outcome(...seen, exits(0))).toEqual(['taken for done']);
  expect(outcome(...seen, exits(1))).toEqual(['pass']);
});

test('without an exit code there are two readings, and both are named', () => {
  for (const steps of [failed, [...failed, exits()]])
    expect(judge(...steps)).toMatchObject({
      outcome: 'inconclusive',
      clients: [
        {
          seen: '1 task did not succeed, the first cgt-1 (failed): the client noticed, or took it for done (`run` sees the exit code)',
        },
      ],
    });
});

test.each(['succeeded', 'cancelled', 'running'])('a task that is %s has not failed', (status) =>
  expect(outcome(...makes(100, 'cgt-1'), ...shows(200, 'cgt-1', status), exits(0))).toEqual(['inconclusive']),
);

test('a failure that the client was not shown is not its fault', () =>
  expect(outcome(...makes(100, 'cgt-1'), moves(150, 'cgt-1', 'failed'), exits(0))).toEqual(['inconclusive']));

test('who creates the same again has noticed', () => {
  expect(outcome(...failed, ...makes(300, 'cgt-2'), ...shows(400, 'cgt-2', 'succeeded'), exits(0))).toEqual(['pass']);
  expect(outcome(...failed, ...makes(300, 'cgt-2'), ...looks(350, '/cgt-1'), exits(0))).toEqual(['pass']);
  expect(outcome(...failed, ...makes(300, 'cgt-2', 'b'), exits(0))).toEqual(['inconclusive']);
  expect(outcome(...failed, ...makes(300, 'cgt-2'), ...shows(400, 'cgt-2', 'failed'), exits(0))).toEqual([
    'taken for done',
  ]);
});

test('each new create stands for one failed task', () => {
  const two = [...failed, ...makes(220, 'cgt-2'), ...makes(230, 'cgt-3'), ...shows(260, 'cgt-3', 'failed')];
  expect(judge(...two, exits(0)).clients[0]).toMatchObject({
    finding: 'taken for done',
    seen: '1 task did not succeed, the first cgt-3 (failed), and the command ended with exit code 0',
    figures: { failed: 2, madeAgain: 1 },
  });
});

describe('a client that makes several videos of one prompt', () => {
  const again = (...tasks: readonly string[]) => tasks.flatMap((task, n) => makes(300 + 10 * n, task));
  const planned = {
    outcome: 'inconclusive',
    doubtful: true,
    seen: expect.stringMatching(/^cgt-1 did not succeed, .* in its place, or planned$/),
  };

  test('may have planned the create after the failure', () => {
    for (const steps of [[exits(0)], []])
      expect(judge(...failed, ...again('cgt-2', 'cgt-3'), ...steps).clients).toMatchObject([planned]);
    const before = [...makes(50, 'cgt-0'), ...failed, ...again('cgt-2')];
    expect(judge(...before, exits(0)).clients).toMatchObject([planned]);
  });

  test('has noticed the failure if its exit code says so', () =>
    expect(outcome(...failed, ...again('cgt-2', 'cgt-3'), exits(1))).toEqual(['pass']));

  test('has created the failed ones again if there is one create more for each', () => {
    const second = [...again('cgt-2'), ...shows(400, 'cgt-2', 'failed'), ...makes(500, 'cgt-3')];
    expect(outcome(...failed, ...second, exits(0))).toEqual(['pass']);
    const other = [...makes(600, 'cgt-4', 'b'), ...makes(700, 'cgt-5', 'b')];
    expect(outcome(...failed, ...again('cgt-2'), ...other, exits(0))).toEqual(['pass']);
  });

  test('has not noticed what failed after its creates', () => {
    const parallel = [...makes(100, 'cgt-1'), asks(195, 1, 300, { method: 'POST', path: TASKS })];
    const late = makes(300, 'cgt-2').slice(1);
    expect(outcome(...parallel, ...shows(200, 'cgt-1', 'failed'), ...late, exits(0))).toEqual(['taken for done']);
  });
});

const copyOf = (name: string, connection: number): readonly Step[] =>
  opens(0, connection, { userAgent: name }).map(([at, entry]) => [
    at,
    entry.type === 'connection.identified' ? { ...entry, client: `${name} key` } : entry,
  ]);

test('each copy is judged by its own exit code', () => {
  const steps = (connection: number, task: string): readonly Step[] =>
    [...makes(100, task, task), ...shows(200, task, 'failed')].map(
      ([at, entry]) => [at, 'connection' in entry ? { ...entry, connection } : entry] as Step,
    );
  const two = [...copyOf('copy-1', 1), ...copyOf('copy-2', 2), ...steps(1, 'cgt-1'), ...steps(2, 'cgt-2')];
  const ends = (copy: string, code: number): Step => [9_000, { type: 'command.ended', copy, how: 'x', code }];
  const found = (...more: readonly Step[]) =>
    judgeBy(failuresNoticed, {}, [...two, ...more]).clients.map((one) => one.finding ?? one.outcome);
  expect(found(ends('copy-1', 0), ends('copy-2', 1))).toEqual(['taken for done', 'pass']);
  expect(found(ends('copy-3', 0), ends('copy-4', 0))).toEqual(['inconclusive', 'inconclusive']);
});

test('a client without the key of a copy is judged if all copies ended alike', () => {
  const ends = (copy: string, code: number): Step => [9_000, { type: 'command.ended', copy, how: 'x', code }];
  expect(outcome(...failed, ends('copy-1', 0), ends('copy-2', 0))).toEqual(['taken for done']);
  expect(outcome(...failed, ends('copy-1', 0), ends('copy-2', 1))).toEqual(['inconclusive']);
});

test('tasks whose request is not known are not the same', () => {
  const first = [...makes(100, 'cgt-1', ''), ...shows(200, 'cgt-1', 'failed')];
  expect(outcome(...first, ...makes(300, 'cgt-2', ''), exits(0))).toEqual(['inconclusive']);
});

test('an event that was lost may be the create that is missing', () =>
  expect(judgeAfterLoss(failuresNoticed, {}, [...opens(0, 1), ...failed, exits(0)])).toBe('inconclusive'));

test('another create after a failure is planned, or in its place; before it, it is neither', () => {
  const failed = [...makes(100, 'cgt-1'), ...shows(200, 'cgt-1', 'failed')];
  const other = (at: number) => makes(at, 'cgt-2', 'softer');
  expect(outcome(...failed, ...other(300), exits(0))).toEqual(['inconclusive']);
  expect(outcome(...failed, ...other(300), exits(1))).toEqual(['pass']);
  expect(outcome(...makes(100, 'cgt-1'), ...other(150), ...shows(200, 'cgt-1', 'failed'), exits(0))).toEqual([
    'taken for done',
  ]);
  expect(outcome(...failed, ...other(300), ...shows(400, 'cgt-2', 'failed'), exits(0))).toEqual(['taken for done']);
});
