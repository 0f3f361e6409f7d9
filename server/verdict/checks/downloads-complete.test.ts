import { describe, expect, test } from 'vitest';
import { answers, asks, judgeAfterLoss, judgeBy, opens, resets, type Step } from '../testing.ts';
import { downloadsComplete } from './downloads-complete.ts';

const VIDEO = '/m/1.mp4?sign=***';
const exits = (code?: number): Step => [
  9_000,
  { type: 'command.ended', copy: 'copy-1', how: 'x', ...(code !== undefined && { code }) },
];
const storage: readonly Step[] = [
  [0, { type: 'connection.opened', connection: 1, remote: '127.0.0.1:40001', storage: true }],
  ...opens(0, 1).slice(1),
];
const gets = (at: number, { status = 200, path = VIDEO, method = 'GET' } = {}): readonly Step[] => [
  asks(at, 1, at, { method, path }),
  answers(at + 10, 1, at, { method, path, status, bytes: 9_000 }),
];
const cut = (at: number, path = VIDEO): readonly Step[] => [
  asks(at, 1, at, { path }),
  [at + 10, { type: 'response.abandoned', connection: 1, request: at, by: 'fault', how: 'reset', bytes: 1_000 }],
];
/** The client itself ends it. */
const leaves = (at: number): readonly Step[] => [
  asks(at, 1, at, { path: VIDEO, stream: at }),
  [at + 10, { type: 'stream.reset', connection: 1, request: at, stream: at, code: 8 }],
];
const strikes = (at: number): Step => [
  at,
  { type: 'fault.injected', fault: 'slow', hook: 'video', ordinal: 1, did: 'x', connection: 1, request: at },
];
const judge = (...steps: readonly Step[]) => judgeBy(downloadsComplete, {}, [...storage, ...steps]);
const outcome = (...steps: readonly Step[]) => judge(...steps).clients.map((one) => one.finding ?? one.outcome);

test('a whole download passes, whatever the exit code', () => {
  expect(outcome(...gets(100))).toEqual(['pass']);
  expect(outcome(...gets(100), exits(0))).toEqual(['pass']);
  expect(outcome(...gets(100), exits(1))).toEqual(['pass']);
});

test('one that was cut is incomplete where the command ends with 0', () => {
  expect(outcome(...cut(100), exits(0))).toEqual(['incomplete']);
  expect(outcome(...cut(100), exits(1))).toEqual(['inconclusive']);
  expect(outcome(...cut(100), exits())).toEqual(['inconclusive']);
});

test('without an exit code there are two readings, and both are named', () =>
  expect(judge(...cut(100)).clients[0]).toMatchObject({
    outcome: 'inconclusive',
    seen: '1 of 1 download did not come whole, the first was cut after 1000 B: it noticed and gave up, or took it for complete (`run` sees the exit code)',
  }));

test.each([200, 206])('one that is fetched again, with %i, is complete', (status) => {
  expect(outcome(...cut(100), ...gets(200, { status }), exits(0))).toEqual(['pass']);
  expect(outcome(...gets(100, { status }), ...cut(200), exits(0))).toEqual(['incomplete']);
});

test('each result counts by itself', () =>
  expect(judge(...cut(100), ...gets(200, { path: '/m/2.mp4' }), exits(0)).clients[0]).toMatchObject({
    finding: 'incomplete',
    seen: '1 of 2 downloads did not come whole, the first was cut after 1000 B, and the command ended with exit code 0',
    events: [expect.any(Number), expect.any(Number)],
    figures: { whole: 1, incomplete: 1, heads: 0 },
  }));

test.each([403, 404, 500])('a refusal with %i brings no result', (status) =>
  expect(judge(...gets(100, { status }), exits(0)).clients[0]).toMatchObject({
    finding: 'incomplete',
    seen: expect.stringContaining(`was answered with ${status}`),
  }),
);

test('what the client ends itself counts if a fault was at work on it', () => {
  expect(outcome(...leaves(100), exits(0))).toEqual(['inconclusive']);
  expect(
    outcome(asks(100, 1, 100, { path: VIDEO, stream: 100 }), strikes(100), ...leaves(100).slice(1), exits(0)),
  ).toEqual(['incomplete']);
  expect(outcome(...cut(100), ...leaves(200), exits(0))).toEqual(['incomplete']);
});

test('HEAD is refused by the storage, so it needs a GET', () => {
  const head = gets(100, { status: 403, method: 'HEAD' });
  expect(outcome(...head)).toEqual(['HEAD']);
  expect(outcome(...head, exits(1))).toEqual(['HEAD']);
  expect(outcome(...head, ...cut(200), exits(0))).toEqual(['HEAD']);
  expect(outcome(...head, ...gets(200))).toEqual(['pass']);
  expect(outcome(...head, ...gets(200, { path: '/m/2.mp4' }))).toEqual(['HEAD']);
  expect(outcome(...gets(100, { method: 'HEAD' }), ...gets(200))).toEqual(['pass']);
  expect(outcome(...gets(100, { method: 'HEAD' }))).toEqual(['inconclusive']);
});

test('what ended long ago counts as what ended just now', () => {
  const later = asks(60_000, 1, 60_000, { path: '/tasks' });
  expect(outcome(...cut(100), later, exits(0))).toEqual(['incomplete']);
  expect(outcome(...cut(100), ...gets(200), later, exits(0))).toEqual(['pass']);
});

test('other paths and methods are no downloads', () => {
  expect(outcome(...cut(100, '/api/v3/contents/generations/tasks/1'), exits(0))).toEqual(['inconclusive']);
  expect(outcome(...gets(100, { path: '/api/v3/contents/generations/tasks' }))).toEqual(['inconclusive']);
  expect(outcome(...gets(100, { method: 'DELETE' }))).toEqual(['inconclusive']);
});

test('an exit code other than 0 is named, and leaves no doubt', () =>
  expect(judge(...cut(100), exits(3)).clients[0]).toMatchObject({
    seen: '1 of 1 download did not come whole, the first was cut after 1000 B; the command ended with exit code 3',
  }));

test('what the client ended under a fault was cut', () =>
  expect(
    judge(asks(100, 1, 100, { path: VIDEO, stream: 100 }), strikes(100), ...leaves(100).slice(1), exits(0)).clients[0]
      ?.seen,
  ).toBe('1 of 1 download did not come whole, the first was cut, and the command ended with exit code 0'));

test('an event that was lost may be the GET that is missing', () => {
  expect(judgeAfterLoss(downloadsComplete, {}, [...storage, ...cut(100), exits(0)])).toBe('inconclusive');
  expect(judgeAfterLoss(downloadsComplete, {}, [...storage, ...gets(100, { status: 403, method: 'HEAD' })])).toBe(
    'inconclusive',
  );
});

describe('a result in parts', () => {
  /** A part of 9,000 bytes. */
  const part = (at: number, first: number, last: number, more: object = {}): readonly Step[] => [
    asks(at, 1, at, { path: VIDEO, range: `bytes=${first}-` }),
    answers(at + 10, 1, at, { path: VIDEO, status: 206, contentRange: `bytes ${first}-${last}/9000`, ...more }),
  ];
  /** The connection ends: how much had been sent is not known. */
  const breaks = (at: number, range?: string): readonly Step[] => [
    asks(at, 1, at, { path: VIDEO, ...(range && { range }) }),
    resets(at + 10, 1, at),
    ...storage.map(([, entry]): Step => [at + 11, entry]),
  ];
  const lastBytes: readonly Step[] = [
    asks(100, 1, 100, { path: VIDEO, range: 'bytes=-500' }),
    [110, { type: 'response.abandoned', connection: 1, request: 100, by: 'fault', how: 'reset', bytes: 100 }],
  ];
  const quarters = [0, 1, 2, 3].map((n) => part(100 + n * 20, n * 2_250, n * 2_250 + 2_249));

  test.each([
    ['a range that is all of it', [part(100, 0, 8_999)], 'pass'],
    ['the rest of one that was cut', [cut(100), part(200, 1_000, 8_999)], 'pass'],
    ['the rest, with some bytes once more', [cut(100), part(200, 500, 8_999)], 'pass'],
    ['the rest but for a byte', [cut(100), part(200, 1_001, 8_999)], 'incomplete'],
    ['less than the rest', [cut(100), part(200, 1_000, 8_998)], 'incomplete'],
    ['a probe after one that was cut', [cut(100), part(200, 0, 0)], 'incomplete'],
    ['all of it after one that was cut', [cut(100), part(200, 0, 8_999)], 'pass'],
    ['four quarters', quarters, 'pass'],
    ['four quarters in another order', quarters.toReversed(), 'pass'],
    ['four quarters, of which one was refused at first', [gets(50, { status: 403 }), ...quarters], 'pass'],
    ['three quarters, and one that was refused', [...quarters.slice(1), gets(300, { status: 403 })], 'incomplete'],
    ['the rest of one whose connection ended', [breaks(100), part(200, 700, 8_999)], 'pass'],
    [
      'four quarters, the first one last, after one whose connection ended',
      [
        breaks(50, 'bytes=700-'),
        part(100, 6_750, 8_999),
        part(120, 4_500, 6_749),
        part(140, 2_250, 4_499),
        part(160, 0, 2_249),
      ],
      'pass',
    ],
    ['a part in the middle after that', [breaks(100), part(200, 700, 8_998)], 'incomplete'],
    ['the rest after the last part was cut', [breaks(100, 'bytes=700-'), part(200, 900, 8_999)], 'incomplete'],
    ['three quarters after a refusal', [gets(50, { status: 403 }), ...quarters.slice(1)], 'incomplete'],
    ['all of it after the last bytes were cut', [lastBytes, part(200, 0, 8_999)], 'pass'],
    ['the rest after the last bytes were cut', [lastBytes, part(200, 700, 8_999)], 'incomplete'],
    ['what says not which part it is', [cut(100), gets(200, { status: 206 })], 'pass'],
  ])('%s', (_what, steps, finding) =>
    expect(outcome(...steps.flat().toSorted(([a], [b]) => a - b), exits(0))).toEqual([finding]),
  );

  test('a part that the client asks for alone is its choice', () => {
    expect(outcome(...part(100, 0, 0), exits(0))).toEqual(['inconclusive']);
    expect(outcome(...quarters.slice(1).flat(), exits(0))).toEqual(['inconclusive']);
  });

  test('a probe after HEAD has asked as it should', () => {
    const head = gets(100, { status: 403, method: 'HEAD' });
    expect(outcome(...head, ...part(200, 0, 0), exits(0))).toEqual(['inconclusive']);
    expect(outcome(...head, ...part(200, 0, 8_999), exits(0))).toEqual(['pass']);
  });

  test('the same a second later', () => {
    const later = asks(60_000, 1, 60_000, { path: '/tasks' });
    expect(outcome(...cut(100), ...part(200, 0, 0), later, exits(0))).toEqual(['incomplete']);
    expect(outcome(...cut(100), ...part(200, 1_000, 8_999), later, exits(0))).toEqual(['pass']);
  });
});

test('what a fault altered the client noticed, or took for the result', () => {
  const altered: readonly Step[] = [
    asks(100, 1, 100, { path: VIDEO }),
    answers(110, 1, 100, { path: VIDEO, altered: true }),
  ];
  expect(judge(...altered, exits(0)).clients).toMatchObject([
    {
      outcome: 'inconclusive',
      seen: 'a fault altered 1 of 1 download: it noticed, or took that for the result',
      events: [expect.any(Number), expect.any(Number)],
      figures: { whole: 0, incomplete: 0, heads: 0 },
    },
  ]);
  expect(outcome(...altered, ...gets(200), exits(0))).toEqual(['pass']);
  expect(outcome(...altered, ...cut(200), exits(0))).toEqual(['incomplete']);
});

test('a 416 to a client that has the whole confirms that', () => {
  const refused: readonly Step[] = [
    asks(500, 1, 500, { path: VIDEO, range: 'bytes=9000-' }),
    answers(510, 1, 500, { path: VIDEO, status: 416 }),
  ];
  expect(outcome(...gets(200), ...refused, exits(0))).toEqual(['pass']);
  expect(outcome(...cut(200), ...refused, exits(0))).toEqual(['incomplete']);
});

test('what is no video was not cut', () =>
  expect(
    judge(
      asks(100, 1, 100, { path: VIDEO }),
      answers(110, 1, 100, { path: VIDEO, altered: true, unreadable: true }),
      exits(0),
    ).clients,
  ).toMatchObject([{ finding: 'incomplete', seen: expect.stringContaining('was answered with something else') }]));
