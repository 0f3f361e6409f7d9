import { expect, test } from 'vitest';
import { answers, asks, findingsOf, judgeAfterLoss, judgeBy, opens, type Step } from '../testing.ts';
import { tracePropagated } from './trace-propagated.ts';

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const find = (params: object, ...steps: readonly Step[]) =>
  findingsOf(tracePropagated, params, [...opens(0, 1), ...steps]);
/** Ten requests, of which so many have a trace. */
const asksTen = (traced: number): readonly Step[] =>
  Array.from({ length: 10 }, (_, n) => asks(n, 1, n + 1, n < traced ? { asyncTraceId: 'a' } : {}));

test.each([
  ['W3C Trace Context', { traceparent }, 'pass'],
  ["the service's own", { asyncTraceId: 'a' }, 'pass'],
  ['both, of which one is well formed', { traceparent: 'none', asyncTraceId: 'a' }, 'pass'],
  ['of a later version, which may say more', { traceparent: `${traceparent.replace('00', '01')}-more` }, 'pass'],
  ['more than version 00 may say', { traceparent: `${traceparent}-more` }, 'no trace'],
  ['something behind the flags', { traceparent: `${traceparent}junk` }, 'no trace'],
  ['two in one field', { traceparent: `${traceparent}, ${traceparent}` }, 'no trace'],
  ['nothing', {}, 'no trace'],
  ['an empty one', { asyncTraceId: '' }, 'no trace'],
  ['no hexadecimal', { traceparent: traceparent.replace('4bf', 'xyz') }, 'no trace'],
  ['a trace id of zeros', { traceparent: traceparent.replace(/-\w{32}-/, `-${'0'.repeat(32)}-`) }, 'no trace'],
  ['a span id of zeros', { traceparent: traceparent.replace(/-\w{16}-/, `-${'0'.repeat(16)}-`) }, 'no trace'],
  ['a version that there is not', { traceparent: traceparent.replace('00', 'ff') }, 'no trace'],
] as const)('%s: %j', (_what, trace, finding) => expect(find({}, asks(1, 1, 1, trace))).toEqual([finding]));

test.each([
  [10, 1, 'pass'],
  [9, 1, 'no trace'],
  [9, 0.9, 'pass'],
  [1, 0.1, 'pass'],
  [2, 0.2, 'pass'],
  [1, 0.2, 'no trace'],
  [0, 0, 'pass'],
] as const)('%i of 10, where %d has to be: %s', (traced, atLeast, finding) =>
  expect(find({ atLeast }, ...asksTen(traced))).toEqual([finding]),
);

test('it names the first request without, but not its query, and says what was expected', () => {
  const steps = [
    ...opens(0, 1),
    asks(1, 1, 1, { traceparent }),
    asks(2, 1, 2, { path: '/tasks?filter.status=queued' }),
  ];
  expect(judgeBy(tracePropagated, { atLeast: 0.999 }, steps)).toMatchObject({
    expected: 'a trace id on 99.9 % of the requests',
    clients: [{ seen: '1 of 2 requests came with a trace id, the first without: GET /tasks', eventCount: 1 }],
  });
});

test('without a request there is nothing to tell', () => expect(find({})).toEqual(['inconclusive']));

test('two clients are judged apart', () =>
  expect(find({}, asks(1, 1, 1, { traceparent }), ...opens(0, 2, { userAgent: 'milk/1' }), asks(2, 2, 1))).toEqual([
    'pass',
    'no trace',
  ]));

test('preflights and heartbeats need none', () => {
  const more = [
    asks(2, 1, 2, { method: 'OPTIONS' }),
    asks(3, 1, 3, { method: 'POST', path: '/api/v3/heartbeat' }),
    answers(4, 1, 3),
  ];
  const traced = asks(1, 1, 1, { asyncTraceId: 'a' });
  expect(findingsOf(tracePropagated, {}, [...opens(0, 1), traced, ...more])).toEqual(['pass']);
});

test('where events were lost, one request without is wrong all the same, and a share is not known', () => {
  const steps = [...opens(0, 1), ...asksTen(1)];
  expect(judgeAfterLoss(tracePropagated, {}, steps)).toBe('fail');
  expect(judgeAfterLoss(tracePropagated, { atLeast: 0.5 }, steps)).toBe('inconclusive');
});

test('by default every request is expected to have one', () =>
  expect(judgeBy(tracePropagated, {}, []).expected).toBe('a trace id on every request'));
