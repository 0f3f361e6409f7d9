import { describe, expect, test } from 'vitest';
import { answers, asks, brings, ends, findingsOf, hurries, judgeBy, opens, resets, type Step } from '../testing.ts';
import { goawayRespected } from './goaway-respected.ts';

const goesAway = (atMs: number, connection = 1, lastStreamId?: number): Step => [
  atMs,
  { type: 'goaway.sent', connection, code: 0, ...(lastStreamId !== undefined && { lastStreamId }) },
];
const comesLate = (atMs: number, stream: number): Step => [atMs, { type: 'stream.late', connection: 1, stream }];
const find = (...steps: readonly Step[]) => findingsOf(goawayRespected, {}, [...opens(0, 1), ...steps]);
/** What a client that heeds it does next. */
const goesOn = [...opens(1_010, 2), asks(1_010, 2, 1, { path: '/tasks/9' }), answers(1_020, 2, 1)];

test('a client that goes on elsewhere respects it', () =>
  expect(find(asks(900, 1, 1), goesAway(1_000), answers(1_005, 1, 1), ...goesOn)).toEqual(['pass']));

test('without a GOAWAY there is nothing to respect', () =>
  expect(find(asks(900, 1, 1), answers(901, 1, 1))).toEqual(['inconclusive']));

describe('new stream', () => {
  test('what is opened within the grace may have been on its way; what comes later was not', () => {
    expect(find(goesAway(1_000), asks(1_100, 1, 1), answers(1_101, 1, 1))).toEqual(['pass']);
    expect(find(goesAway(1_000), asks(1_101, 1, 1), answers(1_102, 1, 1))).toEqual(['new stream']);
  });

  test('a stream that was never taken for a request counts, and one that was counts once', () => {
    expect(find(goesAway(1_000), comesLate(1_101, 3))).toEqual(['new stream']);
    const both = [...opens(0, 1), goesAway(1_000), comesLate(1_101, 3), asks(1_101, 1, 1, { stream: 3 })];
    expect(judgeBy(goawayRespected, {}, both).clients).toMatchObject([
      { seen: 'opened 1 stream on a connection after its GOAWAY' },
    ]);
  });

  test('of a graceful drain the first GOAWAY counts', () =>
    expect(find(goesAway(1_000, 1, 2 ** 31 - 1), goesAway(1_150), asks(1_160, 1, 1), answers(1_161, 1, 1))).toEqual([
      'new stream',
    ]));

  test("the grace is the client's: in a lane 10 times as fast 1 s is 100 ms of its", () => {
    expect(find(hurries(0, 10), goesAway(1_000), asks(2_000, 1, 1), answers(2_001, 1, 1))).toEqual(['pass']);
    expect(find(hurries(0, 10), goesAway(1_000), asks(2_010, 1, 1), answers(2_011, 1, 1))).toEqual(['new stream']);
  });
});

describe('not repeated', () => {
  const asked = asks(900, 1, 1, { stream: 3 });
  const cut = ends(1_200, 1, {
    by: 'fault',
    how: 'goaway',
    requests: [{ request: 1, method: 'GET', path: '/tasks/1' }],
  });

  test('a request that was cut has to come again on another connection', () => {
    expect(find(asked, goesAway(1_000), cut)).toEqual(['cut and not repeated']);
    expect(find(asked, goesAway(1_000), ...goesOn, cut)).toEqual(['cut and not repeated']);
    expect(find(asked, goesAway(1_000), cut, ...opens(1_210, 2), asks(1_210, 2, 1))).toEqual(['pass']);
  });

  test('the same connection is no other', () => {
    const cutAlone: Step = [
      1_020,
      { type: 'response.abandoned', connection: 1, request: 1, by: 'fault', bytes: 0, how: 'rst-stream' },
    ];
    expect(find(asked, goesAway(1_000), cutAlone, asks(1_050, 1, 2), answers(1_060, 1, 2))).toEqual([
      'cut and not repeated',
    ]);
  });

  test('one above the last stream too, although its connection is open still', () => {
    expect(find(asked, goesAway(1_000, 1, 1))).toEqual(['not repeated']);
    expect(find(asked, goesAway(1_000, 1, 1), ...opens(1_010, 2), asks(1_010, 2, 1))).toEqual(['pass']);
    expect(find(asked, goesAway(1_000, 1, 3))).toEqual(['pass']);
  });

  test('a create is better left alone', () => {
    const create = asks(900, 1, 1, { method: 'POST' });
    expect(find(create, goesAway(1_000), cut)).toEqual(['pass']);
  });

  test('what the client itself gave up, or what was cut before, nobody owes', () => {
    const gaveUp: Step = [1_050, { type: 'stream.reset', connection: 1, request: 1, stream: 3, code: 8 }];
    expect(find(asked, goesAway(1_000), gaveUp)).toEqual(['pass']);
    const before: Step = [
      950,
      { type: 'response.abandoned', connection: 1, request: 1, by: 'fault', bytes: 0, how: 'rst-stream' },
    ];
    expect(find(asked, before, goesAway(1_000))).toEqual(['pass']);
  });
});

describe('repeated needlessly', () => {
  const create = { method: 'POST', path: '/tasks', clientRequestId: 'r' };
  const sent = [asks(900, 1, 1, create), brings(900, 1, 1)];
  const again = [...opens(1_010, 2), asks(1_010, 2, 1, create), brings(1_010, 2, 1), answers(1_030, 2, 1)];

  test('one that the old connection answered whole came again', () => {
    expect(find(...sent, goesAway(1_000), ...again, answers(1_020, 1, 1))).toEqual(['repeated needlessly']);
    expect(find(...sent, goesAway(1_000), ...again, answers(1_020, 1, 1, { status: 503 }))).toEqual(['pass']);
  });

  test('one whose answer was cut had to come again', () =>
    expect(find(asks(900, 1, 1, create), goesAway(1_000), answers(1_005, 1, 1), resets(1_006, 1, 1), ...again)).toEqual(
      ['pass'],
    ));

  test('a poll after a poll did not, nor what came twice before', () => {
    expect(find(asks(900, 1, 1), answers(901, 1, 1), goesAway(1_000), ...opens(1_010, 2), asks(1_010, 2, 1))).toEqual([
      'pass',
    ]);
    const twice = [asks(900, 1, 1, create), answers(901, 1, 1), asks(910, 1, 2, create), answers(911, 1, 2)];
    expect(find(...twice, goesAway(1_000), ...goesOn)).toEqual(['pass']);
  });
});

test('the GOAWAY of a shutdown asks nothing of anybody; one before it does', () => {
  const shutdown = ends(1_300, 1, { by: 'shutdown', how: 'goaway' });
  expect(find(goesAway(1_000), asks(1_200, 1, 1), shutdown)).toEqual(['inconclusive']);
  expect(find(goesAway(1_000), asks(1_200, 1, 1), goesAway(1_299), shutdown)).toEqual(['new stream']);
});

test('two clients are judged apart: what one repeats the other still owes', () => {
  const milk = { userAgent: 'milk/1' };
  expect(
    find(asks(900, 1, 1), goesAway(1_000), resets(1_100, 1, 1), ...opens(1_110, 2, milk), asks(1_110, 2, 1)),
  ).toEqual(['cut and not repeated', 'inconclusive']);
});

describe('what a client leaves on a drained connection has a message of its own', () => {
  const both = [asks(900, 1, 1, { stream: 1 }), asks(901, 1, 2, { stream: 3, path: '/tasks/2' })];
  const open = [1, 2].map((request) => ({ request, method: 'GET', path: `/tasks/${request}` }));
  const seenIn = (...steps: readonly Step[]) =>
    judgeBy(goawayRespected, {}, [...opens(0, 1), ...steps]).clients.map(({ outcome, finding, seen }) => [
      finding ?? outcome,
      seen,
    ]);

  test('up to the last stream, closed by the client, which goes on: abandoned, whether it repeats them or not', () => {
    const left = [...both, goesAway(1_000, 1, 3), ends(1_005, 1, { requests: open })];
    const abandoned = [
      'abandoned',
      'closed a connection after GOAWAY while 2 streams up to the last one had no answer',
    ];
    expect(seenIn(...left, ...goesOn)).toEqual([abandoned]);
    expect(seenIn(...left, ...opens(1_010, 2), asks(1_010, 2, 1), answers(1_020, 2, 1))).toEqual([abandoned]);
    expect(seenIn(...left)).toEqual([
      [
        'inconclusive',
        'closed 2 streams that would have been answered after GOAWAY, and never came back: it may have ended',
      ],
    ]);
  });

  test('up to the last stream, each reset by the client before it closes: abandoned as well', () => {
    const reset = (atMs: number, request: number): Step => [
      atMs,
      { type: 'stream.reset', connection: 1, request, stream: 2 * request - 1, code: 8 },
    ];
    const leaves = [goesAway(1_000, 1, 3), reset(1_001, 1), reset(1_002, 2), ends(1_005, 1)];
    expect(find(...both, ...leaves, ...goesOn)).toEqual(['abandoned']);
  });

  test('a single stream that it resets while the connection stays open is its choice', () => {
    const reset: Step = [1_001, { type: 'stream.reset', connection: 1, request: 1, stream: 1, code: 8 }];
    expect(find(...both, goesAway(1_000, 1, 3), reset, answers(2_500, 1, 2), ends(3_000, 1), ...goesOn)).toEqual([
      'pass',
    ]);
  });

  test('above the last stream: not repeated', () =>
    expect(
      seenIn(
        ...both,
        goesAway(1_000, 1, 1),
        answers(1_001, 1, 1),
        ends(1_005, 1, { requests: open.slice(1) }),
        ...goesOn,
      ),
    ).toEqual([
      ['not repeated', 'did not repeat 1 request above the last stream of GOAWAY, which it left unprocessed'],
    ]));

  test('up to the last stream, cut by the service: cut and not repeated', () =>
    expect(seenIn(...both, goesAway(1_000, 1, 3), answers(1_001, 1, 1), resets(1_005, 1, 2), ...goesOn)).toEqual([
      ['cut and not repeated', 'did not repeat 1 request up to the last stream of GOAWAY, though cut by the service'],
    ]));
});

describe('abandoned', () => {
  const three = [1, 2, 3].map((n) => asks(900, 1, n, { stream: 2 * n - 1, path: `/tasks/${n}` }));
  const reset = (atMs: number, request: number): Step => [
    atMs,
    { type: 'stream.reset', connection: 1, request, stream: 2 * request - 1, code: 8 },
  ];
  const closed = ends(1_020, 1, { by: 'server' });

  test('all of several streams are reset at once, and the service closes', () => {
    const all = [...three, goesAway(1_000, 1, 5), reset(1_001, 1), reset(1_002, 2), reset(1_003, 3), closed];
    expect(find(...all, ...opens(1_030, 2), asks(1_030, 2, 1, { path: '/tasks/1' }))).toEqual(['abandoned']);
    expect(find(...all)).toEqual(['inconclusive']);
  });

  test('one of several that is reset is the choice of the client', () =>
    expect(
      find(
        ...[...three, goesAway(1_000, 1, 5), reset(1_001, 1), answers(1_002, 1, 2), answers(1_003, 1, 3), closed],
        ...[...opens(1_030, 2), asks(1_030, 2, 1, { path: '/tasks/1' })],
      ),
    ).toEqual(['pass']));

  test('streams above the last one may be reset: they were never processed', () =>
    expect(
      find(
        ...[...three, goesAway(1_000, 1, 1), answers(1_001, 1, 1), reset(1_002, 2), reset(1_003, 3), closed],
        ...[...opens(1_030, 2), asks(1_030, 2, 1, { path: '/tasks/2' }), asks(1_031, 2, 2, { path: '/tasks/3' })],
      ),
    ).toEqual(['pass']));
});
