import { expect, test } from 'vitest';
import { openClient } from '../../client-tests/typescript/support/client.ts';
import { TASKS, textOnly } from '../../client-tests/typescript/support/tasks.ts';
import { startMockServer } from '../index.ts';
import { describeAmidCalls } from './amid-calls.ts';
import { judge } from './judge.ts';
import { renderHtmlReport } from './reports/html.ts';
import { renderTextReport } from './reports/text.ts';
import { ends, opens, type Step, tell } from './testing.ts';

const leaves = (
  connection: number,
  ...requests: readonly { method: string; committed?: 'yes' | 'no' | 'unknown' }[]
): readonly Step[] => [
  ...opens(0, connection),
  ends(10, connection, {
    ...{ by: 'fault', how: 'reset', cause: 'cut' },
    requests: requests.map((call, index) => ({
      ...{ request: index + 1, path: '/tasks', retriable: call.committed === 'no' },
      ...call,
    })),
  }),
];
const reportOf = (...steps: readonly Step[]) => judge(tell(steps), { scenario: 'story', seed: 1, expect: [] }).report;

test('a create that is lost is named in every report, with whether it may be sent again', async () => {
  await using server = await startMockServer({
    scenario: {
      faults: [{ name: 'cut', on: 'request', match: { method: 'POST' }, inject: [{ end: { at: 'after-commit' } }] }],
      expect: ['no-duplicate-creates'],
    },
  });
  await using client = await openClient(server);
  await client.post(TASKS, textOnly);
  const { seq } = await server.journal.waitFor('connection.ended');

  const { report } = await server.verdict();
  expect(report.amidCalls).toEqual({
    ...{ connections: 1, calls: 1, committed: { yes: 1, no: 0, unknown: 0 }, retriable: 0 },
    first: [
      {
        ...{ connection: 1, event: seq, by: 'fault', cause: 'cut' },
        calls: [{ method: 'POST', path: TASKS, committed: 'yes', retriable: false }],
      },
    ],
  });
  const line = '1 connection ended amid 1 call: 1 carried out; 0 may be sent again';
  expect(renderTextReport(report)).toContain(line);
  expect(renderHtmlReport(report, server.journal.events())).toContain(line);
});

test('without such a connection nothing is said', () => {
  const { amidCalls } = reportOf(...opens(0, 1), ends(5, 1));
  expect(amidCalls).toBeUndefined();
  expect(describeAmidCalls(amidCalls)).toEqual([]);
});

test('the lines count all, and name the calls that may not be sent again', () => {
  const { amidCalls } = reportOf(
    ...leaves(1, { method: 'GET', committed: 'no' }, { method: 'POST', committed: 'unknown' }),
    ...leaves(2, { method: 'POST', committed: 'yes' }, { method: 'POST', committed: 'no' }),
    // As an older version has recorded it.
    ...leaves(3, { method: 'POST' }),
  );
  expect(describeAmidCalls(amidCalls)).toEqual([
    '3 connections ended amid 5 calls: 1 carried out, 2 perhaps carried out, 2 not carried out; 2 may be sent again',
    'connection 1, ended by fault (cut): POST /tasks was perhaps carried out; do not just send it again',
    'connection 2, ended by fault (cut): POST /tasks was carried out; do not just send it again',
    'connection 3, ended by fault (cut): POST /tasks was perhaps carried out; do not just send it again',
  ]);
});

test('however many there are, only the first are named', () => {
  const many = Array.from({ length: 25 }, (_, index) => leaves(index + 1, { method: 'POST', committed: 'yes' }));
  const { amidCalls } = reportOf(...many.flat());
  expect([amidCalls?.connections, amidCalls?.first.length]).toEqual([25, 20]);
  expect(describeAmidCalls(amidCalls)).toHaveLength(4);
});
