import { expect, test } from 'vitest';
import { answers, asks, ends, findingsOf, judgeBy, opens, resets, type Step } from '../testing.ts';
import { earlyDataNotReplayed } from './early-data-not-replayed.ts';

const early = { earlyData: true } as const;
const find = (...steps: readonly Step[]) => findingsOf(earlyDataNotReplayed, {}, steps);

test('after the cut comes a full handshake, or early data again', () => {
  expect(find(...opens(0, 1, early), resets(1, 1), ...opens(2, 2))).toEqual(['pass']);
  expect(find(...opens(0, 1, early), resets(1, 1), ...opens(2, 2, early))).toEqual(['replayed']);
});

test('one cut of two that is followed by early data is enough', () =>
  expect(
    judgeBy(earlyDataNotReplayed, {}, [
      ...[...opens(0, 1, early), resets(1, 1), ...opens(2, 2), resets(3, 2)],
      ...[...opens(4, 3, early), resets(5, 3), ...opens(6, 4, early)],
    ]).clients,
  ).toMatchObject([{ finding: 'replayed', seen: 'sent early data again after 1 of 2 cuts', eventCount: 2 }]));

test('a connection that ended before its ClientHello is not the next', () =>
  expect(
    find(...opens(0, 1, early), resets(1, 1), ...opens(2, 2).slice(0, 1), resets(3, 2), ...opens(4, 3, early)),
  ).toEqual(['replayed']));

test('what was on its way when the cut came was not sent after it', () =>
  expect(find(...opens(0, 1, early), ...opens(0, 2, early), resets(1, 1), ...opens(2, 3))).toEqual(['pass']));

test('nor was the early data of a connection that was opened before the cut, and says so after it', () => {
  const [opened, ...greets] = opens(0, 2, early) as [Step, ...Step[]];
  expect(find(...opens(0, 1, early), opened, resets(1, 1), ...greets, ...opens(2, 3))).toEqual(['pass']);
});

test.each([
  ['no early data', [...opens(0, 1), resets(1, 1), ...opens(2, 2, early)]],
  [
    'early data that was answered',
    [...opens(0, 1, early), asks(0, 1, 1), answers(1, 1, 1), resets(2, 1), ...opens(3, 2, early)],
  ],
  ['early data that its client gave up', [...opens(0, 1, early), ends(1, 1), ...opens(2, 2, early)]],
  ['a client that did not come back', [...opens(0, 1, early), resets(1, 1)]],
] as const)('%s tells nothing', (_what, steps) => expect(find(...steps)).toEqual(['inconclusive']));

test("another client's next connection is not this one's", () => {
  const milk = { userAgent: 'milk/1' };
  expect(find(...opens(0, 1, early), resets(1, 1), ...opens(2, 2, { ...early, ...milk }), ...opens(3, 3))).toEqual([
    'pass',
    'inconclusive',
  ]);
});
