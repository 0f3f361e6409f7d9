import { expect, test } from 'vitest';
import {
  findingsOf,
  hurries,
  judgeAfterLoss,
  judgeBy,
  posts,
  postsAndHears,
  postsInVain,
  type Step,
} from '../testing.ts';
import { callbacksAcknowledged } from './callbacks-acknowledged.ts';

const find = (params: object, ...steps: readonly Step[]) => findingsOf(callbacksAcknowledged, params, steps);

test.each([
  ['2xx at once', postsAndHears(0, { code: 204 }), 'pass'],
  [
    'an error, then 2xx',
    [...postsAndHears(0, { code: 500 }), ...postsAndHears(1, { attempt: 2 })],
    'slow to acknowledge',
  ],
  ['silence, then 2xx', [...postsInVain(0), ...postsAndHears(1, { attempt: 2 })], 'slow to acknowledge'],
  ['errors', [...postsAndHears(0, { code: 500 }), ...postsAndHears(1, { attempt: 2, code: 302 })], 'not acknowledged'],
  ['silence', postsInVain(0), 'not acknowledged'],
] as const)('%s: %#', (_what, steps, finding) => expect(find({}, ...steps)).toEqual([finding]));

test('each status of a task, each version and each copy is a callback of its own', () => {
  const first = postsAndHears(0);
  expect(find({}, ...first, ...postsInVain(1, { status: 'failed' }))).toEqual(['not acknowledged']);
  expect(find({}, ...first, ...postsInVain(1, { version: 2 }))).toEqual(['not acknowledged']);
  expect(find({}, ...first, ...postsInVain(1, { copy: 2 }))).toEqual(['not acknowledged']);
  expect(find({}, ...first, ...postsInVain(1, { task: 'cgt-2' }))).toEqual(['not acknowledged']);
});

test('a dead letter that is replayed and taken was not acknowledged at its first try', () =>
  expect(find({}, ...postsInVain(0), ...postsAndHears(60_000, { replay: 1 }))).toEqual(['slow to acknowledge']));

test('a callback that is under way when the run is judged is no failure, and proves nothing alone', () => {
  expect(find({}, ...postsAndHears(0), posts(1, { version: 2 }))).toEqual(['pass']);
  expect(find({}, posts(1))).toEqual(['inconclusive']);
});

test('the share counts, to the last callback', () => {
  const ten = Array.from({ length: 10 }, (_, n) =>
    n < 2 ? postsAndHears(n, { version: n }) : postsInVain(n, { version: n }),
  );
  expect(find({ atLeast: 0.2 }, ...ten.flat())).toEqual(['pass']);
  expect(judgeBy(callbacksAcknowledged, { atLeast: 0.21 }, ten.flat())).toMatchObject({
    expected: '2xx at the first try for 21 % of the callbacks',
    clients: [
      {
        finding: 'not acknowledged',
        seen: '2 of 10 callbacks acknowledged at the first try, 8 never',
        eventCount: 8,
        figures: { callbacks: 10, share: 0.2 },
      },
    ],
  });
});

test('without a callback there is nothing to tell', () => expect(find({})).toEqual(['inconclusive']));

test('a first try that timed out while the clock ran ahead is left out, and said where none is left', () => {
  const slow = [...postsInVain(0), ...postsAndHears(1_000, { attempt: 2 })];
  expect(findingsOf(callbacksAcknowledged, {}, slow)).toEqual(['slow to acknowledge']);
  expect(judgeBy(callbacksAcknowledged, {}, [hurries(0, 20), ...slow]).clients).toMatchObject([
    { outcome: 'inconclusive', seen: expect.stringMatching(/^1 callback timed out sooner/) },
  ]);
  const prompt = postsAndHears(2_000, { bizId: 'cgt-2' });
  expect(findingsOf(callbacksAcknowledged, {}, [hurries(0, 20), ...slow, ...prompt])).toEqual(['pass']);
  const refused = postsAndHears(2_000, { bizId: 'cgt-2', code: 500 });
  expect(findingsOf(callbacksAcknowledged, {}, [hurries(0, 20), ...refused])).toEqual(['not acknowledged']);
});

test('a first try that was refused, or not connected, had its time though the clock ran ahead', () => {
  const unreachable: readonly Step[] = postsInVain(0).map(([at, event]) => {
    const { timedOut: _, ...failed } = { timedOut: undefined, ...event };
    return [at, failed as Step[1]];
  });
  expect(find({}, hurries(0, 20), ...unreachable)).toEqual(['not acknowledged']);
  const refused = postsAndHears(0, { code: 500 });
  expect(find({}, hurries(0, 20), ...refused, ...postsInVain(1_000, { attempt: 2 }))).toEqual(['not acknowledged']);
});

test('it says why nothing can be told', () => {
  const seen = (...steps: readonly Step[]) => judgeBy(callbacksAcknowledged, {}, steps).clients[0]?.seen;
  expect(seen()).toBe('no callback was sent');
  expect(seen(posts(0))).toBe('no callback had its answer yet');
});

test('by default every callback is expected to be acknowledged', () =>
  expect(judgeBy(callbacksAcknowledged, {}, []).expected).toBe('2xx at the first try for every callback'));

test('where events were lost, the acknowledgement may be among them', () =>
  expect(judgeAfterLoss(callbacksAcknowledged, {}, postsAndHears(0, { code: 500 }))).toBe('inconclusive'));
