import { expect, test } from 'vitest';
import { renderCounts } from './report.ts';
import type { Mode, Wants } from './row.ts';
import type { Found, RowResult } from './run-rows.ts';

const resultOf = (mode: Mode, check: string, wants: Wants, outcome: Found['outcome'], right: boolean): RowResult => {
  const found = { row: 'a/node', mode, check, wants, outcome, seen: 'x', right, around: [] };
  return { row: 'a/node', mode, found: [found], notYet: [], problems: [] };
};

test('the report counts what is wrong, by mode and by check', () => {
  const text = renderCounts([
    resultOf('alone', 'backoff', 'pass', 'pass', true),
    resultOf('alone', 'backoff', 'fail: too fast', 'pass', false),
    resultOf('speed', 'backoff', 'pass', 'fail', false),
    resultOf('speed', 'pool-size', 'pass', 'inconclusive', false),
    resultOf('speed', 'pool-size', 'fail: too large', 'fail', false),
  ]);
  expect(text.split('\n').map((line) => line.trim().split(/ {2,}/))).toEqual([
    ['mode', 'verdicts', 'false passes', 'false fails', 'inconclusive', 'others'],
    ['alone', '2', '1', '0', '0', '0'],
    ['speed', '3', '0', '1', '1', '1'],
    [''],
    ['check', 'verdicts', 'false passes', 'false fails', 'inconclusive', 'others'],
    ['backoff', '3', '1', '1', '0', '0'],
    ['pool-size', '2', '0', '0', '1', '1'],
  ]);
});
