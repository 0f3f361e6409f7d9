import { describe, expect, test } from 'vitest';
import {
  answers,
  asks,
  brings,
  ends,
  findingsOf,
  hurries,
  judgeAfterLoss,
  judgeBy,
  opens,
  resets,
  type Step,
} from '../testing.ts';
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

test('an event that was lost may show that a request was repeated, and not that no stream was opened', () => {
  const after = (...steps: readonly Step[]) => judgeAfterLoss(goawayRespected, {}, [...opens(0, 1), ...steps]);
  expect(after(asks(900, 1, 1, { stream: 3 }), goesAway(1_000, 1, 1))).toBe('inconclusive');
  expect(after(goesAway(1_000), asks(1_101, 1, 1), answers(1_102, 1, 1))).toBe('fail');
});

test('what may be several programs fails only if one of them does by itself', () => {
  const turns = [asks(1, 1, 1), answers(2, 1, 1), asks(3, 2, 1), answers(4, 2, 1), asks(5, 1, 2), answers(6, 1, 2)];
  const create = { method: 'POST', path: '/tasks', clientRequestId: 'r' };
  const sent = [asks(900, 1, 3, create), brings(900, 1, 3), goesAway(1_000)];
  const again = [asks(1_010, 2, 2, create), brings(1_010, 2, 2), answers(1_020, 1, 3), answers(1_030, 2, 2)];
  expect(find(...opens(0, 2), ...turns, ...sent, ...again)).toEqual(['inconclusive']);
});

describe('a GET that comes again at once after an answer on a drained connection', () => {
  const asksWith = (atMs: number, connection: number, clientRequestId?: string) =>
    asks(atMs, connection, 1, clientRequestId === undefined ? {} : { clientRequestId });
  const drained = (againMs: number, first?: string, second?: string): readonly Step[] => [
    ...[asksWith(0, 1, first), ...opens(4, 2), goesAway(5), answers(10, 1, 1)],
    ...[asksWith(againMs, 2, second), answers(againMs + 10, 2, 1)],
  ];
  const judged = (steps: readonly Step[]) => judgeBy(goawayRespected, {}, [...opens(0, 1), ...steps]).clients;

  test('is the same again, or a poll in haste', () => {
    for (const ids of [[], ['one', 'other']] as const)
      expect(judged(drained(40, ...ids))).toMatchObject([
        { outcome: 'inconclusive', doubtful: true, seen: expect.stringMatching(/^asked again at once for 1 answer/) },
      ]);
  });

  test('is needless where its id says that it is the same', () =>
    expect(judged(drained(40, 'one', 'one'))).toMatchObject([{ finding: 'repeated needlessly' }]));

  test('is another poll a little later', () => {
    expect(judged(drained(110))).toMatchObject([{ outcome: 'inconclusive' }]);
    expect(judged(drained(111, 'one', 'one'))).toMatchObject([{ outcome: 'pass' }]);
  });

  test('waits for nothing while its connection is opened', () => {
    const opened = (atMs: number) => [...opens(atMs, 2), asksWith(500, 2), answers(510, 2, 1)];
    const first = [asksWith(0, 1), goesAway(5), answers(10, 1, 1)];
    expect(judged([...first, ...opened(110)])).toMatchObject([{ outcome: 'inconclusive' }]);
    expect(judged([...first, ...opened(111)])).toMatchObject([{ outcome: 'pass' }]);
  });

  test('is another where its connection was used since', () => {
    const used = [asks(21, 2, 1, { path: '/tasks/9' }), answers(22, 2, 1), asks(500, 2, 2), answers(510, 2, 2)];
    expect(judged([asksWith(0, 1), goesAway(5), answers(10, 1, 1), ...opens(20, 2), ...used])).toMatchObject([
      { outcome: 'pass' },
    ]);
  });

  test('had to come again where it had failed, and says nothing on the same connection', () => {
    const failed = [asksWith(0, 1), goesAway(5), answers(10, 1, 1, { status: 503 })];
    expect(judged([...failed, ...opens(20, 2), asksWith(20, 2), answers(30, 2, 1)])).toMatchObject([
      { outcome: 'pass' },
    ]);
    const same = [asksWith(0, 1), goesAway(5), answers(10, 1, 1), asks(50, 1, 2), answers(51, 1, 2)];
    expect(judged([...same, ...goesOn])).toMatchObject([{ outcome: 'pass' }]);
  });
});

describe('new stream', () => {
  test('a late stream within the grace, or without a GOAWAY, is none', () => {
    expect(find(goesAway(1_000), comesLate(1_100, 3))).toEqual(['pass']);
    expect(find(comesLate(1_100, 3))).toEqual(['inconclusive']);
  });

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

  test('one that came again on another connection before the cut is repeated, and not only before the GOAWAY', () => {
    const again = (at: number) => [...opens(at, 2), asks(at, 2, 1), answers(at + 5, 2, 1)];
    expect(find(asked, goesAway(1_000), ...again(1_010), cut)).toEqual(['pass']);
    expect(find(asked, ...again(950), goesAway(1_000), cut)).toEqual(['cut and not repeated']);
  });

  test('one that is answered is not owed, unless that answer was cut', () => {
    expect(find(asked, goesAway(1_000, 1, 1), answers(1_005, 1, 1))).toEqual(['pass']);
    expect(find(asked, goesAway(1_000, 1, 3), answers(1_005, 1, 1), resets(1_006, 1, 1))).toEqual([
      'cut and not repeated',
    ]);
  });

  describe('with two connections that are drained at the same time', () => {
    const [path, stream] = ['/tasks/2', 3];
    const second = asks(1_020, 2, 1, { path, stream });
    const both = [goesAway(1_000), ...opens(1_010, 2), second, ...opens(1_025, 3)];
    const again = [asks(1_040, 3, 1, { path }), answers(1_045, 3, 1)];
    const cutSecond = resets(1_060, 2, 1);

    test('a request does not repeat itself', () => {
      expect(find(...both, goesAway(1_030, 2, 1))).toEqual(['not repeated']);
      expect(find(...both, goesAway(1_030, 2), cutSecond)).toEqual(['cut and not repeated']);
    });

    test('what was repeated stays repeated when the first of them ends', () =>
      expect(find(...both, goesAway(1_030, 2), ...again, ends(1_050, 1), cutSecond)).toEqual(['pass']));

    test('what came again before its own GOAWAY, and before the first of them ended, is no repetition', () =>
      expect(find(...both, ...again, ends(1_050, 1), goesAway(1_055, 2), cutSecond)).toEqual(['cut and not repeated']));
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
    expect(find(...sent, goesAway(1_000), ...again, answers(1_020, 1, 1, { status: 400 }))).toEqual(['pass']);
  });

  test('one that came again long after its answer was settled', () => {
    const answered = [...sent, goesAway(1_000), answers(1_020, 1, 1)];
    const later = [...opens(9_000, 2), asks(9_000, 2, 1, create), brings(9_000, 2, 1)];
    expect(find(...answered, ...later)).toEqual(['repeated needlessly']);
  });

  test('one that came again counts once, also long after its answer', () => {
    const third = [asks(1_040, 2, 2, create), brings(1_040, 2, 2), answers(1_050, 2, 2)];
    const steps = [...opens(0, 1), ...sent, goesAway(1_000), ...again, answers(1_035, 1, 1)];
    const seen = 'repeated 1 request that had been answered';
    for (const more of [opens(9_000, 3), third, [...third, ...opens(9_000, 3)]])
      expect(judgeBy(goawayRespected, {}, [...steps, ...more]).clients).toMatchObject([{ seen }]);
  });

  test('one that came again on the old connection itself was repeated, its own answer is no other', () => {
    const repeats = [asks(1_050, 1, 2, create), brings(1_050, 1, 2)];
    expect(
      find(...sent, goesAway(1_000), ...repeats, answers(1_060, 1, 1), answers(1_061, 1, 2), ...opens(9_000, 2)),
    ).toEqual(['repeated needlessly']);
    const refused = answers(950, 1, 1, { status: 503 });
    expect(find(...sent, refused, goesAway(1_000), ...repeats, answers(1_060, 1, 2))).toEqual(['pass']);
  });

  test('one whose answer was cut after it had come again had to', () =>
    expect(find(...sent, goesAway(1_000), ...again, answers(1_035, 1, 1), resets(1_036, 1, 1))).toEqual(['pass']));

  test('one whose answer was cut had to come again', () =>
    expect(find(asks(900, 1, 1, create), goesAway(1_000), answers(1_005, 1, 1), resets(1_006, 1, 1), ...again)).toEqual(
      ['pass'],
    ));

  test('a poll after a poll did not, nor what came twice before', () => {
    expect(find(asks(900, 1, 1), answers(901, 1, 1), goesAway(1_000), ...opens(1_010, 2), asks(1_010, 2, 1))).toEqual([
      'pass',
    ]);
    const second = [asks(910, 1, 2, create), brings(910, 1, 2), answers(911, 1, 2)];
    const twice = [...sent, answers(901, 1, 1), ...second];
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

  const again = [1, 2, 3].map((n) => asks(1_030, 2, n, { path: `/tasks/${n}` }));
  const goesOnWithAll = [...opens(1_025, 2), ...again];

  test('all that had no answer are reset at once', () => {
    const two = [...three, goesAway(1_000, 1, 5), answers(1_001, 1, 1), reset(1_002, 2), reset(1_003, 3), closed];
    expect(judgeBy(goawayRespected, {}, [...opens(0, 1), ...two, ...goesOnWithAll]).clients).toMatchObject([
      { finding: 'abandoned', seen: expect.stringContaining('while 2 streams up to the last one') },
    ]);
  });

  test('one is reset, and the service cuts the others', () => {
    const requests = [2, 3].map((request) => ({ request, method: 'GET', path: `/tasks/${request}` }));
    const cut = ends(1_020, 1, { by: 'server', requests });
    expect(find(...three, goesAway(1_000, 1, 5), reset(1_001, 1), cut, ...goesOnWithAll)).toEqual(['pass']);
  });

  test('streams that are reset later than a second after the GOAWAY are given up one by one', () => {
    const all = (at: number) => [1, 2, 3].map((n) => reset(at, n));
    const late = ends(2_100, 1, { by: 'server' });
    const after = [...opens(2_200, 2), asks(2_200, 2, 1, { path: '/tasks/1' })];
    expect(find(...three, goesAway(1_000, 1, 5), ...all(2_000), late, ...after)).toEqual(['abandoned']);
    expect(find(...three, goesAway(1_000, 1, 5), ...all(2_001), late, ...after)).toEqual(['pass']);
  });

  test('a single stream is reset, and the client closes within a second', () => {
    const left = (closedAt: number) => [
      ...[asks(900, 1, 1, { stream: 1 }), goesAway(1_000, 1, 1), reset(1_050, 1), ends(closedAt, 1)],
      ...[...opens(3_000, 2), asks(3_000, 2, 1)],
    ];
    expect(find(...left(2_050))).toEqual(['abandoned']);
    expect(find(...left(2_051))).toEqual(['pass']);
    const cut: Step = [
      1_020,
      { type: 'response.abandoned', connection: 1, request: 1, by: 'fault', bytes: 0, how: 'rst-stream' },
    ];
    const closes = [asks(900, 1, 1, { stream: 1 }), goesAway(1_000, 1, 1), cut, ends(1_030, 1)];
    expect(find(...closes, ...opens(1_040, 2), asks(1_040, 2, 1))).toEqual(['pass']);
  });

  test('one of several that is reset is the choice of the client', () =>
    expect(
      find(
        ...[...three, goesAway(1_000, 1, 5), reset(1_001, 1), answers(1_002, 1, 2), answers(1_003, 1, 3), closed],
        ...[...opens(1_030, 2), asks(1_030, 2, 1, { path: '/tasks/1' })],
      ),
    ).toEqual(['pass']));

  test('one stream that is reset before the service closes, and asked for again at once', () => {
    const drained = ends(1_020, 1, { by: 'fault', how: 'goaway' });
    const alone = [asks(900, 1, 1, { stream: 1, path: '/tasks/1' }), goesAway(1_000, 1, 1), reset(1_001, 1), drained];
    const next = (path: string) => [...opens(1_030, 2), asks(1_030, 2, 1, { path })];
    expect(find(...alone, ...next('/tasks/1'))).toEqual(['inconclusive']);
    expect(find(...alone, ...next('/tasks/9'))).toEqual(['pass']);
  });

  test('one stream that is reset before another is answered: the service closed for that one', () => {
    const drained = ends(1_020, 1, { by: 'fault', how: 'goaway' });
    const others = [answers(1_002, 1, 2), answers(1_003, 1, 3)];
    const next = [...opens(1_030, 2), asks(1_030, 2, 1, { path: '/tasks/1' })];
    const early = [...three, goesAway(1_000, 1, 5), reset(1_001, 1), ...others, drained];
    expect(find(...early, ...next)).toEqual(['pass']);
    const last = [...three, goesAway(1_000, 1, 5), ...others, reset(1_004, 1), drained];
    expect(find(...last, ...next)).toEqual(['inconclusive']);
  });

  test('one stream that is reset more than a second after the GOAWAY is given up by itself', () => {
    const resetAt = (at: number) => [
      ...[asks(900, 1, 1, { stream: 1, path: '/tasks/1' }), goesAway(1_000, 1, 1), reset(at, 1)],
      ...[ends(2_020, 1, { by: 'fault', how: 'goaway' }), ...opens(2_030, 2), asks(2_030, 2, 1)],
    ];
    expect(find(...resetAt(2_000))).toEqual(['inconclusive']);
    expect(find(...resetAt(2_001))).toEqual(['pass']);
  });

  test('streams above the last one may be reset: they were never processed', () =>
    expect(
      find(
        ...[...three, goesAway(1_000, 1, 1), answers(1_001, 1, 1), reset(1_002, 2), reset(1_003, 3), closed],
        ...[...opens(1_030, 2), asks(1_030, 2, 1, { path: '/tasks/2' }), asks(1_031, 2, 2, { path: '/tasks/3' })],
      ),
    ).toEqual(['pass']));
});

test('what may be two programs is blamed if the same is asked for again', () => {
  const poll = (at: number, connection: number, request: number, task: number) =>
    asks(at, connection, request, { stream: 2 * request - 1, path: `/tasks/${task}` });
  const byTurns = [
    ...[...opens(0, 1), ...opens(0, 2), poll(1, 1, 1, 1), answers(2, 1, 1), poll(3, 2, 1, 2), answers(4, 2, 1)],
    ...[poll(5, 1, 2, 1), goesAway(10, 1, 3), ends(20, 1, { requests: [{ request: 2, method: 'GET', path: '' }] })],
  ];
  expect(findingsOf(goawayRespected, {}, [...byTurns, poll(30, 2, 2, 2)])).toEqual(['inconclusive']);
  expect(findingsOf(goawayRespected, {}, [...byTurns, poll(30, 2, 2, 1)])).toEqual(['abandoned']);
});

test('what came again before the GOAWAY is not repeated, also after another drain', () => {
  const drained = [
    ...opens(0, 3),
    asks(1, 3, 1, { path: '/tasks/9' }),
    goesAway(10, 3),
    answers(11, 3, 1),
    ends(12, 3),
  ];
  const asked = [asks(900, 1, 1, { stream: 3 }), ...opens(940, 2), asks(950, 2, 1, { stream: 1 })];
  const left = [
    goesAway(1_000, 1, 1),
    ends(1_010, 1, { by: 'server', requests: [{ request: 1, method: 'GET', path: '' }] }),
  ];
  expect(find(...drained, ...asked, answers(960, 2, 1), ...left)).toEqual(['not repeated']);
});
