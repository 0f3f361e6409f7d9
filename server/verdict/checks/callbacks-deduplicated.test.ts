import { expect, test } from 'vitest';
import { findingsOf, judgeBy, postsAndHears, postsInVain, type Step } from '../testing.ts';
import { callbacksDeduplicated } from './callbacks-deduplicated.ts';

const find = (...steps: readonly Step[]) => findingsOf(callbacksDeduplicated, {}, steps);
const replayed = { replayed: true } as const;
const first = postsAndHears(0);

test('a copy of what was acknowledged is known by the header, or counted twice', () => {
  expect(find(...first, ...postsAndHears(1, { copy: 2, ...replayed }))).toEqual(['pass']);
  expect(find(...first, ...postsAndHears(1, { copy: 2 }))).toEqual(['counted twice']);
});

test('so is a new try after an acknowledgement that was lost', () => {
  expect(find(...postsInVain(0), ...postsAndHears(1, { attempt: 2, ...replayed }))).toEqual(['pass']);
  // Nobody knows whether the first try arrived.
  expect(find(...postsInVain(0), ...postsAndHears(1, { attempt: 2 }))).toEqual(['inconclusive']);
});

test('and the replay of a dead letter', () => {
  const taken = [...postsInVain(0), ...postsAndHears(1, { replay: 1 })];
  expect(find(...taken, ...postsAndHears(2, { replay: 2, ...replayed }))).toEqual(['pass']);
  expect(find(...taken, ...postsAndHears(2, { replay: 2 }))).toEqual(['counted twice']);
});

test('what was refused before was not had before, and a copy that is refused was not counted', () => {
  expect(find(...postsAndHears(0, { code: 500 }), ...postsAndHears(1, { attempt: 2 }))).toEqual(['inconclusive']);
  expect(find(...first, ...postsAndHears(1, { copy: 2, code: 503 }))).toEqual(['inconclusive']);
  expect(find(...first, ...postsAndHears(1, { copy: 2, code: 409, ...replayed }))).toEqual(['pass']);
});

test('another status, another version and another task are other callbacks', () => {
  for (const other of [{ status: 'failed' }, { version: 2 }, { task: 'cgt-2' }])
    expect(find(...first, ...postsAndHears(1, other))).toEqual(['inconclusive']);
});

test('a receiver that takes news for known loses it', () =>
  expect(
    judgeBy(callbacksDeduplicated, {}, [...first, ...postsAndHears(1, { version: 2, ...replayed })]).clients,
  ).toMatchObject([{ finding: 'lost', seen: 'took 1 new callback for known', eventCount: 1 }]));

test('it tells how many of how many were counted twice', () =>
  expect(
    judgeBy(callbacksDeduplicated, {}, [
      ...[...first, ...postsAndHears(1, { copy: 2 }), ...postsAndHears(2, { copy: 3, ...replayed })],
      ...[...postsAndHears(3, { version: 2 }), ...postsAndHears(4, { version: 2, copy: 2 })],
    ]).clients,
  ).toMatchObject([
    {
      finding: 'counted twice',
      seen: 'took 2 of 3 repeated callbacks for new',
      eventCount: 2,
      figures: { repeated: 3, countedTwice: 2 },
    },
  ]));

test('without a callback there is nothing to tell', () => expect(find()).toEqual(['inconclusive']));

test('the exit code of a command is no answer to a callback', () => {
  const ended: Step = [1, { type: 'command.ended', copy: 'copy-1', how: 'exit', code: 200 }];
  expect(find(ended, ended)).toEqual(['inconclusive']);
});
