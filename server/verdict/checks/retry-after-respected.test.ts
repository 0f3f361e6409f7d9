import { expect, test } from 'vitest';
import { answers, asks, findingsOf, hurries, judgeBy, opens, resets, type Step } from '../testing.ts';
import { retryAfterRespected } from './retry-after-respected.ts';

const refuses = (atMs: number, request: number, retryAfterMs = 1_000): Step =>
  answers(atMs, 1, request, { status: 429, retryAfterMs });
const find = (...steps: readonly Step[]) => findingsOf(retryAfterRespected, {}, [...opens(0, 1), ...steps]);

test.each([
  ['as long as asked', 1_010, 'pass'],
  ['but for what clocks tick', 1_005, 'pass'],
  ['less', 1_004, 'too early'],
  ['at once', 10, 'too early'],
] as const)('waits %s: refused at 10 ms for 1 s, tried again at %i ms', (_what, at, finding) =>
  expect(find(asks(0, 1, 1), refuses(10, 1), asks(at, 1, 2))).toEqual([finding]),
);

test('the wait counts from the answer, not from the request, and each refusal counts', () =>
  expect(
    judgeBy(retryAfterRespected, {}, [
      ...[...opens(0, 1), asks(0, 1, 1), refuses(500, 1), asks(1_500, 1, 2)],
      ...[refuses(1_510, 2, 2_000), asks(2_510, 1, 3), answers(2_520, 1, 3)],
    ]).clients,
  ).toMatchObject([
    {
      finding: 'too early',
      seen: 'tried again after 1000 ms, asked to wait 2000 ms (1 of 2 new attempts)',
      eventCount: 2,
      figures: { refusals: 2, retries: 2 },
    },
  ]));

test('an attempt that was on its way when the refusal came is no answer to it; the next one is', () => {
  const hedged = [asks(0, 1, 1, { idempotencyKey: 'k' }), asks(5, 1, 2, { idempotencyKey: 'k' }), refuses(10, 1)];
  expect(find(...hedged)).toEqual(['inconclusive']);
  expect(find(...hedged, asks(20, 1, 3, { idempotencyKey: 'k' }))).toEqual(['too early']);
  expect(find(...hedged, asks(1_010, 1, 3, { idempotencyKey: 'k' }))).toEqual(['pass']);
});

test('a client that waits five minutes, as asked, has not given up', () =>
  expect(find(asks(0, 1, 1), refuses(10, 1, 300_000), asks(300_010, 1, 2))).toEqual(['pass']));

test("the wait is the client's: where time runs 20 times as fast, 20 s of the lane", () => {
  expect(find(hurries(0, 20), asks(0, 1, 1), refuses(10, 1), asks(20_010, 1, 2))).toEqual(['pass']);
  expect(find(hurries(0, 20), asks(0, 1, 1), refuses(10, 1), asks(10_010, 1, 2))).toEqual(['too early']);
});

test.each([
  ['no refusal', [asks(0, 1, 1), answers(10, 1, 1), asks(20, 1, 2)]],
  ['a refusal that asks for no wait', [asks(0, 1, 1), answers(10, 1, 1, { status: 503 }), asks(20, 1, 2)]],
  ['a call that was given up', [asks(0, 1, 1), refuses(10, 1), asks(20, 1, 2, { path: '/tasks/2' })]],
  [
    'a refusal that did not arrive whole',
    [asks(0, 1, 1), refuses(10, 1), resets(10, 1, 1), ...opens(20, 2), asks(20, 2, 1)],
  ],
] as const)('%s tells nothing', (_what, steps) => expect(find(...steps)).toEqual(['inconclusive']));

test('two clients are judged apart: the other one was not asked to wait', () =>
  expect(find(asks(0, 1, 1), refuses(10, 1), ...opens(20, 2, { userAgent: 'milk/1' }), asks(20, 2, 1))).toEqual([
    'inconclusive',
    'inconclusive',
  ]));
