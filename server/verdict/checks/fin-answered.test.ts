import { expect, test } from 'vitest';
import { asks, ends, findingsOf, judgeBy, opens, type Step } from '../testing.ts';
import { finAnswered } from './fin-answered.ts';

const begins: readonly Step[] = [...opens(0, 1), asks(0, 1, 1)];
const answersFin: readonly Step[] = [...begins, ends(900, 1, { by: 'fault', how: 'fin', cause: 'f' })];
const leavesIt: readonly Step[] = [
  ...opens(1_000, 2),
  asks(1_000, 2, 1),
  [1_400, { type: 'rule.applied', rule: 'fin', connection: 2, did: 'x', line: 'x' }],
  ends(1_400, 2, { by: 'rule', how: 'reset', cause: 'fin' }),
];

test('a connection that ends by FIN was answered in time', () =>
  expect(findingsOf(finAnswered, {}, answersFin)).toEqual(['pass']));

test('one that the rule has reset was not', () =>
  expect(judgeBy(finAnswered, {}, [...answersFin, ...leavesIt]).clients).toMatchObject([
    { finding: 'unanswered', seen: 'left 1 of 2 FINs unanswered', figures: { answered: 1, unanswered: 1 } },
  ]));

test.each([
  ['the client closed itself', ends(900, 1)],
  ['the server was shut down', ends(900, 1, { by: 'shutdown' })],
  ['a reset', ends(900, 1, { by: 'rule', how: 'reset', cause: 'idle' })],
] as const)('%s tells nothing', (_what, end) =>
  expect(findingsOf(finAnswered, {}, [...begins, end])).toEqual(['inconclusive']),
);

test('a connection that another rule struck was left no FIN', () =>
  expect(
    findingsOf(finAnswered, {}, [
      ...begins,
      [900, { type: 'rule.applied', rule: 'idle', connection: 1, did: 'x', line: 'x' }],
      ends(900, 1, { by: 'rule', how: 'reset', cause: 'idle' }),
    ]),
  ).toEqual(['inconclusive']));
