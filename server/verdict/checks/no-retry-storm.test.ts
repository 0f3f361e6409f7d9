import { describe, expect, test } from 'vitest';
import {
  answers,
  asks,
  brings,
  findingsOf,
  hurries,
  judgeBy,
  merge,
  opens,
  resets,
  type Step,
  TASKS,
} from '../testing.ts';
import { noRetryStorm } from './no-retry-storm.ts';

const find = (...steps: readonly Step[]) => findingsOf(noRetryStorm, {}, [...opens(0, 1), ...steps]);

interface Attempt {
  readonly path?: string;
  readonly digest?: string;
  readonly intent?: string;
  readonly isStruck?: boolean;
  /** How long after it was sent the client gives it up. */
  readonly afterMs?: number;
}

/** An attempt that a fault slows, and that the client gives up. */
function givesUp(atMs: number, { path = '/tasks/1', digest, intent, isStruck = true, afterMs = 50 }: Attempt = {}) {
  const request = atMs;
  const method = digest === undefined ? 'GET' : 'POST';
  const steps: Step[] = [asks(atMs, 1, request, { stream: request, method, path })];
  if (digest !== undefined) steps.push(brings(atMs, 1, request, digest, intent));
  const slow = { fault: 'slow', hook: 'request', ordinal: atMs, did: 'delay', connection: 1, request } as const;
  if (isStruck) steps.push([atMs, { type: 'fault.injected', ...slow }]);
  steps.push([atMs + afterMs, { type: 'stream.reset', connection: 1, request, stream: request, code: 8 }]);
  return steps;
}
const storm = (count: number, more: Attempt = {}) =>
  Array.from({ length: count }, (_, n) => givesUp(100 * (n + 1), more)).flat();

test('three attempts in a row may be given up soon and sent again, a fourth may not', () => {
  expect(find(...storm(4))).toEqual(['pass']);
  expect(find(...storm(5))).toEqual(['retry storm']);
});

test('the sentence says how many there were', () => {
  const { clients } = judgeBy(noRetryStorm, {}, [...opens(0, 1), ...storm(9)]);
  expect(clients[0]).toMatchObject({
    seen: 'gave up 8 attempts in a row, each too soon, and sent the same again',
    figures: { givenUp: 8, inARow: 8, waited: 0 },
    eventCount: 15,
  });
});

test.each([
  ['an answer between', [...storm(3), asks(400, 1, 400), answers(450, 1, 400), ...givesUp(500), ...givesUp(600)]],
  ['a long time-out', [1_000, 2_050, 3_100, 4_150, 5_200].flatMap((at) => givesUp(at, { afterMs: 1_000 }))],
  ['a long wait', [1_000, 2_050, 3_100, 4_150, 5_200].flatMap((at) => givesUp(at))],
] as const)('%s ends the row', (_what, steps) => {
  expect(find(...steps, asks(9_999, 1, 9_999, { path: '/tasks/2' }))).not.toEqual(['retry storm']);
});

test.each([
  ['wait', 999, 50],
  ['time-out', 50, 999],
])('a %s just below a second is too short', (_what, wait, afterMs) => {
  const steps = [1, 2, 3, 4, 5].flatMap((n) => givesUp(n * (wait + afterMs), { afterMs }));
  expect(find(...steps)).toEqual(['retry storm']);
});

test('each call has a row of its own, by place and body', () => {
  const paths = ['/tasks/1', '/tasks/2'];
  expect(find(...[1, 2, 3, 4, 5, 6].flatMap((n) => givesUp(n * 100, { path: paths[n % 2] ?? '' })))).toEqual(['pass']);
  const bodies = ['a', 'b'];
  const post = (n: number, digest: string) => givesUp(n * 100, { path: TASKS, digest });
  expect(find(...[1, 2, 3, 4, 5, 6].flatMap((n) => post(n, bodies[n % 2] ?? '')))).toEqual(['pass']);
  expect(find(...[1, 2, 3, 4, 5, 6].flatMap((n) => post(n, 'a')))).toEqual(['retry storm']);
});

test('what is cancelled while nothing is wrong is no storm', () =>
  expect(find(...storm(9, { isStruck: false }))).toEqual(['inconclusive']));

test('what the service cuts is no time-out of the client', () => {
  const cut = [1, 2, 3, 4, 5, 6].flatMap((n) => [
    ...opens(n * 100, n + 1),
    asks(n * 100, n + 1, 1),
    resets(n * 100 + 50, n + 1, 1),
  ]);
  expect(find(...cut)).toEqual(['inconclusive']);
});

test('a client that waits for the slow answer passes', () => {
  const slow: Step = [
    10,
    { type: 'fault.injected', fault: 'slow', hook: 'request', ordinal: 1, did: 'delay', connection: 1, request: 1 },
  ];
  const waits = [asks(10, 1, 1), slow, answers(5_000, 1, 1)];
  expect(find(...waits)).toEqual(['pass']);
  expect(find(...waits, asks(8_000, 1, 2), answers(8_010, 1, 2))).toEqual(['pass']);
  expect(find(asks(10, 1, 1), slow)).toEqual(['inconclusive']);
});

test('settings say what is short, and how many', () => {
  const steps = [...opens(0, 1), ...storm(5)];
  expect(findingsOf(noRetryStorm, { atMost: 4 }, steps)).toEqual(['pass']);
  expect(findingsOf(noRetryStorm, { atMost: 0 }, [...opens(0, 1), ...storm(2)])).toEqual(['retry storm']);
  expect(findingsOf(noRetryStorm, { patience: '50ms' }, steps)).toEqual(['inconclusive']);
});

test("times are the client's", () => {
  const steps = [1, 2, 3, 4, 5].flatMap((n) => givesUp(n * 10_000, { afterMs: 5_000 }));
  expect(find(...steps)).toEqual(['inconclusive']);
  expect(find(hurries(0, 20), ...steps)).toEqual(['retry storm']);
});

test('what is answered without a fault was not slow', () =>
  expect(find(asks(10, 1, 1), answers(20, 1, 1), asks(5_000, 1, 2), answers(5_010, 1, 2))).toEqual(['inconclusive']));

test('a fault on the connection slows its answers', () =>
  expect(
    find(
      [5, { type: 'fault.injected', fault: 'slow', hook: 'session', ordinal: 1, did: 'x', connection: 1 }],
      ...[asks(10, 1, 1), answers(5_000, 1, 1)],
    ),
  ).toEqual(['pass']));

test('what may be several programs fails only if one of them does by itself', () => {
  const turns = [1, 2, 3, 4, 5, 6].flatMap((n) =>
    givesUp(n * 100).map(([at, entry]) => [at, { ...entry, connection: 1 + (n % 2) } as typeof entry] as const),
  );
  const both = [...opens(0, 1), ...opens(0, 2)];
  expect(findingsOf(noRetryStorm, { patience: '100ms' }, [...both, ...turns])).toEqual(['inconclusive']);
  expect(findingsOf(noRetryStorm, { patience: '1s', atMost: 1 }, [...both, ...turns])).toEqual(['retry storm']);
});

test('a client that opens a connection for each attempt is one program', () => {
  /** Each on a connection of its own, which is opened so long before; the first connection is used in between. */
  const storms = (count: number, beforeMs: number, from = 0) =>
    Array.from({ length: count }, (_, index) => {
      const n = from + index;
      const at = 100 * (n + 1);
      const attempt = givesUp(at).map(([ms, entry]): Step => [ms, { ...entry, connection: 2 + n } as typeof entry]);
      const other = [asks(at + 60, 1, at, { path: '/tasks/9' }), answers(at + 61, 1, at, { path: '/tasks/9' })];
      return merge(opens(at - beforeMs, 2 + n), attempt, other);
    });
  const judged = (steps: readonly (readonly Step[])[]) => find(...merge(...steps));
  expect(judged(storms(5, 10))).toEqual(['retry storm']);
  expect(judged(storms(5, 60))).toEqual(['inconclusive']);
  expect(judged(storms(4, 10))).toEqual(['pass']);
  expect(judged([...storms(3, 60), ...storms(3, 10, 3)])).toEqual(['inconclusive']);
  expect(judged([...storms(2, 60), ...storms(4, 10, 2)])).toEqual(['retry storm']);
  // Something else was asked for on it first.
  const first = [1, 2, 3, 4].map((n) => [asks(100 * (n + 1) - 5, 2 + n, 9, { path: '/tasks/9' })]);
  expect(judged([...storms(5, 10), ...first])).toEqual(['inconclusive']);
});

const seenOf = (steps: readonly Step[]) => judgeBy(noRetryStorm, {}, [...opens(0, 1), ...steps]).clients[0]?.seen;

describe('creates that differ in seed or mark alone', () => {
  const creates = (count: number, bodies = (n: number) => `seed ${n}`, intents = (_: number) => 'a lighthouse') =>
    Array.from({ length: count }, (_, n) =>
      givesUp(100 * (n + 1), { path: TASKS, digest: bodies(n), intent: intents(n) }),
    ).flat();

  test('may be attempts at one, or several', () => {
    expect(judgeBy(noRetryStorm, {}, [...opens(0, 1), ...creates(6)]).clients).toMatchObject([
      { outcome: 'inconclusive', doubtful: true, seen: expect.stringMatching(/^gave up 5 creates .* one create, or/) },
    ]);
    expect(seenOf(creates(4))).toBe('no call of it was slow by a fault');
  });

  test('are several where they want something else', () =>
    expect(seenOf(creates(6, undefined, (n) => `prompt ${n}`))).toBe('no call of it was slow by a fault'));

  test('are a storm where each of them comes again and again by turns', () =>
    expect(find(...creates(12, (n) => `seed ${n % 2}`))).toEqual(['retry storm']));
});

test('a new client request id for each attempt makes no other call', () => {
  const renamed = (steps: readonly Step[]): readonly Step[] =>
    steps.map(([at, entry]) =>
      entry.type === 'request.received' ? [at, { ...entry, clientRequestId: `id ${at}` }] : [at, entry],
    );
  expect(find(...renamed(storm(5, { path: TASKS, digest: 'a', intent: 'a lighthouse' })))).toEqual(['retry storm']);
});

describe('an attempt that comes again before it has an answer', () => {
  /** Slow attempts so far apart, each answered after 400 ms; the last one is left to wait. */
  const slow = (count: number, everyMs: number, isStruck = true) =>
    Array.from({ length: count }, (_, n): readonly Step[] => {
      const [at, request] = [100 + everyMs * n, n + 1];
      const fault = { fault: 'slow', hook: 'request', ordinal: request, did: 'delay', connection: 1, request } as const;
      const strikes: Step = [at, { type: 'fault.injected', ...fault }];
      return [asks(at, 1, request), ...(isStruck ? [strikes] : []), answers(at + 400, 1, request)];
    })
      .flat()
      .toSorted(([a], [b]) => a - b);
  const judged = (steps: readonly Step[], params = {}) =>
    judgeBy(noRetryStorm, params, [...opens(0, 1), ...steps, asks(9_999, 1, 99, { path: '/tasks/2' })]).clients;

  test('was given up without a sign, or the client asks in parallel', () => {
    expect(judged(slow(5, 50))).toMatchObject([
      {
        outcome: 'inconclusive',
        doubtful: true,
        seen: expect.stringMatching(/^sent the same 4 times in a row before/),
        eventCount: 2,
      },
    ]);
    expect(judged(slow(4, 50))).toMatchObject([
      {
        outcome: 'pass',
        seen: 'waited for 1 answer, and gave up 0 attempts too soon, and sent 3 again before the answer',
      },
    ]);
    expect(judged(slow(4, 50), { atMost: 2 })).toMatchObject([{ doubtful: true }]);
  });

  test.each([
    ['while nothing is wrong', slow(9, 50, false), 'inconclusive'],
    ['at the same time', slow(9, 19), 'pass'],
    ['after its answer', slow(9, 401), 'pass'],
  ] as const)('is none %s', (_what, steps, outcome) => expect(judged(steps)).toMatchObject([{ outcome }]));

  test('is one from 20 ms after the other on, and as long as that is within the patience', () => {
    expect(judged(slow(9, 20))).toMatchObject([{ doubtful: true }]);
    expect(judged(slow(9, 50), { patience: '50ms' })).toMatchObject([{ outcome: 'pass' }]);
    expect(judged(slow(9, 50), { patience: '51ms' })).toMatchObject([{ doubtful: true }]);
  });

  test('counts with those that were given up', () => {
    const steps = [
      ...slow(2, 50),
      ...givesUp(200, { afterMs: 20 }),
      ...givesUp(240, { afterMs: 20 }),
      asks(280, 1, 280),
    ];
    expect(judged(steps.toSorted(([a], [b]) => a - b))).toMatchObject([{ doubtful: true }]);
  });
});

test('where nothing was sent again before its answer, the report does not say so', () =>
  expect(judgeBy(noRetryStorm, {}, [...opens(0, 1), ...storm(2)]).clients).toMatchObject([
    { outcome: 'pass', seen: 'waited for 0 answers, and gave up 1 attempt too soon' },
  ]));
