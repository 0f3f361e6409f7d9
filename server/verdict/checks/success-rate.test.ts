import { expect, test } from 'vitest';
import { answers, asks, judgeBy, opens, resets, type Step } from '../testing.ts';
import { successRate } from './success-rate.ts';

/** So many calls that succeed, and so many that are refused for good, each for a task of its own. */
const calls = (good: number, bad: number): readonly Step[] => [
  ...opens(0, 1),
  ...Array.from({ length: good + bad }, (_, index) => [
    asks(index * 10, 1, index + 1, { path: `/tasks/${index}` }),
    answers(index * 10 + 1, 1, index + 1, { status: index < good ? 200 : 503 }),
  ]).flat(),
];

test.each([
  [10, 0, {}, 'pass'],
  [99, 1, {}, 'pass'],
  [98, 2, {}, 'fail'],
  [1, 1, { atLeast: 0.5, samples: 2 }, 'pass'],
  [4, 0, {}, 'inconclusive'],
] as const)('%i calls that succeed and %i that fail, with %j: %s', (good, bad, params, outcome) =>
  expect(judgeBy(successRate, params, calls(good, bad)).outcome).toBe(outcome),
);

test('an attempt that failed is no call that failed', () => {
  const again = [asks(1_000, 1, 10, { path: '/tasks/4' }), answers(1_001, 1, 10)];
  expect(judgeBy(successRate, {}, [...calls(4, 1), ...again]).clients).toMatchObject([
    { outcome: 'pass', figures: { calls: 5, rate: 1 } },
  ]);
});

test('an answer that asks for no retry is an answer', () => {
  const asked = [asks(1_000, 1, 10, { path: '/tasks/9' }), answers(1_001, 1, 10, { status: 404 })];
  expect(judgeBy(successRate, {}, [...calls(4, 0), ...asked]).outcome).toBe('pass');
});

test('it names the first that failed', () => {
  const cut = [asks(1_000, 1, 10, { path: '/tasks/9?x=1' }), resets(1_001, 1, 10)];
  expect(judgeBy(successRate, {}, [...calls(9, 0), ...cut]).clients).toMatchObject([
    { finding: 'too many failed', seen: '90 % of 10 calls succeeded, the first that did not: GET /tasks/9' },
  ]);
});
