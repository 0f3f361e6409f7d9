import { describe, expect, test } from 'vitest';
import { answers, asks, ends, judgeBy, opens, resets, type Step, triesToCreate } from '../testing.ts';
import { backoff } from './backoff.ts';

/** A call that is cut, and tried again after each of these waits; the last attempt is answered. */
function cutAndWait(waits: readonly number[], { from = 0, connection = 1, path = '/tasks/1' } = {}): readonly Step[] {
  let at = from;
  const steps: Step[] = [];
  for (const [index, wait] of [0, ...waits].entries()) {
    at += wait;
    const own = connection + index;
    steps.push(...opens(at, own), asks(at, own, 1, { path }));
    steps.push(index === waits.length ? answers(at, own, 1) : resets(at, own, 1));
  }
  return steps;
}

const judge = (steps: readonly Step[], params = {}) => judgeBy(backoff, params, steps);

type Row = readonly [what: string, waits: number[], outcome: string, finding: string | undefined, params?: object];

const rows: readonly Row[] = [
  ['each wait is long enough, and longer than the one before', [150, 230, 410, 820], 'pass', undefined],
  ['it comes back at once', [3], 'fail', 'too fast'],
  ['the second wait is as short as the first', [150, 150], 'fail', 'no growth'],
  ['the fifth wait is too short', [100, 200, 400, 800, 900], 'fail', 'too fast'],
  ['no wait is too long where none is named', [40_000], 'pass', undefined],
  ['a wait is longer than any may be', [31_500], 'fail', 'over the cap', { max: '30s' }],
  ['the first wait is long', [5_000], 'fail', 'too slow', { late: '1s' }],
  ['full jitter may come back at once', [0, 20, 90], 'pass', undefined, { jitter: 'full' }],
  ['it comes back as early as clocks tick', [95], 'pass', undefined],
  ['it comes back earlier than that', [94], 'fail', 'too fast'],
  ['the second wait is longer by no more than clocks tick', [150, 155], 'fail', 'no growth'],
  ['a wait is 1 s over the cap and its jitter', [2_100], 'pass', undefined, { max: '1s' }],
  ['a wait is longer than that', [2_101], 'fail', 'over the cap', { max: '1s' }],
  ['with full jitter a wait is over the cap', [2_001], 'fail', 'over the cap', { max: '1s', jitter: 'full' }],
  ['a wait is as late as it may be', [1_200], 'pass', undefined, { late: '1s' }],
  ['a wait is later than it may be', [1_201], 'fail', 'too slow', { late: '1s' }],
];

test.each(rows.map((row) => ({ row })))('$row.0: $row.1', ({ row: [, waits, outcome, finding, params = {}] }) => {
  const { outcome: judged, clients } = judge(cutAndWait(waits), params);
  expect({ outcome: judged, finding: clients[0]?.finding }).toEqual({ outcome, finding });
});

const seenOf = (steps: readonly Step[], params = {}) => judge(steps, params).clients[0]?.seen;

test('the report says what was expected', () => {
  const expected = (params: object) => backoff.bind(backoff.params.parse(params)).expected;
  const wait = 'a wait of 100ms after a reset, times 2 after each further one';
  expect(expected({})).toBe(`${wait}, plus up to 100ms by chance`);
  expect(expected({ max: '30s', jitter: '0ms' })).toBe(`${wait}, 30s at most`);
  expect(expected({ jitter: 'full' })).toBe(`${wait}, with full jitter`);
});

test('the report says how long it waited, after how many failures', () => {
  expect(seenOf(cutAndWait([150, 230]))).toBe('waited 150 ms to 230 ms after 2 failures, 2 failures in a row at most');
  expect(seenOf(cutAndWait([10_000]))).toMatch(/^waited 10.0 s to 10.0 s after 1 failure/);
  expect(seenOf(cutAndWait([3]))).toBe('tried again 3 ms after a failure, expected 100 ms or more (1 of 1 wait)');
  expect(seenOf(cutAndWait([150, 150]))).toBe(
    'tried again 150 ms after failure 2 in a row, expected 200 ms or more (1 of 2 waits)',
  );
  expect(seenOf(cutAndWait([31_500]), { max: '30s' })).toBe(
    'tried again 31.5 s after a failure, expected 30.1 s at most (1 of 1 wait)',
  );
  expect(seenOf([...opens(0, 1), asks(0, 1, 1), answers(1, 1, 1), ends(5, 1)])).toMatch(/^it met no failure/);
});

test('two waits over the cap are no lack of growth', () =>
  expect(judge(cutAndWait([2_200, 2_200]), { max: '1s' }).clients).toMatchObject([
    { finding: 'over the cap', seen: expect.stringContaining('(2 of 2 waits)') },
  ]));

test('of two findings the report names the one that came first', () => {
  const later = (waits: readonly number[]) => cutAndWait(waits, { from: 10_000, connection: 5, path: '/tasks/2' });
  expect(judge([...cutAndWait([150, 150]), ...later([3])]).clients).toMatchObject([{ finding: 'no growth' }]);
  expect(judge([...cutAndWait([3]), ...later([150, 150])]).clients).toMatchObject([{ finding: 'too fast' }]);
});

test('what happens by turns on several connections may be the work of several programs', () => {
  const other = { path: '/tasks/2' };
  const turns = [asks(1, 1, 1), answers(2, 1, 1), asks(3, 2, 1, other), answers(4, 2, 1), asks(5, 1, 2)];
  const cut = [...opens(0, 1), ...opens(0, 2), ...turns, resets(10, 1, 2), ...opens(11, 3), asks(12, 3, 1)];
  expect(judge(cut).clients).toMatchObject([
    { outcome: 'inconclusive', seen: expect.stringContaining('as one client per connection it did not') },
  ]);
});

test('the cap holds for the tenth wait too', () => {
  const waits = [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_050];
  expect(judge(cutAndWait(waits))).toMatchObject({ outcome: 'pass' });
});

test('a call that succeeded starts the waits over', () => {
  const again = cutAndWait([120], { from: 10_000, connection: 5, path: '/tasks/2' });
  expect(judge([...cutAndWait([130, 260]), ...again])).toMatchObject({ outcome: 'pass' });
});

test('five first waits that are all the same have no jitter; where none is expected, that is good', () => {
  const steps = [1, 2, 3, 4, 5].flatMap((n) =>
    cutAndWait([150], { from: n * 10_000, connection: n * 10, path: `/tasks/${n}` }),
  );
  expect(judge(steps)).toMatchObject({ outcome: 'fail', clients: [{ finding: 'no jitter' }] });
  expect(judge(steps, { base: '150ms', jitter: '0ms' })).toMatchObject({ outcome: 'pass' });
});

test('waits further along a row are no first waits, and need not be spread', () =>
  expect(judge(cutAndWait([150, 150, 150, 150, 150]), { factor: 1 })).toMatchObject({ outcome: 'pass' }));

test('five first waits that are spread over a tenth of the jitter have jitter', () => {
  const firsts = (...waits: readonly number[]) =>
    waits.flatMap((wait, n) => cutAndWait([wait], { from: n * 10_000, connection: n * 10 + 1, path: `/tasks/${n}` }));
  expect(judge(firsts(150, 150, 155, 160, 160))).toMatchObject({ outcome: 'pass' });
  expect(judge(firsts(150, 150, 155, 159, 160)).clients).toMatchObject([{ finding: 'no jitter' }]);
  expect(judge(firsts(0, 20, 50, 70, 90), { jitter: 'full' })).toMatchObject({ outcome: 'pass' });
  expect(judge(firsts(50, 50, 50, 50, 50), { jitter: 'full' }).clients).toMatchObject([{ finding: 'no jitter' }]);
});

test('connections that die before their first request count in a row', () => {
  const dies = (at: number, connection: number): readonly Step[] => [
    ...opens(at, connection).slice(0, 2),
    resets(at, connection),
  ];
  expect(judge([...dies(0, 1), ...dies(120, 2), ...dies(350, 3), ...opens(760, 4), asks(760, 4, 1)])).toMatchObject({
    outcome: 'pass',
    clients: [{ figures: { waits: 3, shortestMs: 120, longestMs: 410 } }],
  });
  expect(judge([...dies(0, 1), ...dies(120, 2), ...dies(240, 3)])).toMatchObject({
    clients: [{ finding: 'no growth' }],
  });
});

describe('of a pool that opens its connections one after the other, each cut at its start', () => {
  const dies = (at: number, connection: number): readonly Step[] => [
    ...opens(at, connection).slice(0, 2),
    resets(at, connection),
  ];
  const pool = (from: number, at: number, ...more: readonly number[]) => [
    ...[at, ...more].flatMap((one, n) => opens(one, from + n)),
    ...[at, ...more].map((_, n) => asks(at + 500, from + n, 1, { path: `/tasks/${n}` })),
  ];

  test('the next one may be another of the pool', () =>
    expect(judge([...dies(0, 1), ...dies(60, 2), ...dies(120, 3), ...pool(4, 160, 220, 280)])).toMatchObject({
      outcome: 'inconclusive',
      clients: [
        {
          seen: expect.stringMatching(/opened a connection 60 ms after a failure, .* or had another use for it/),
          figures: { waits: 2 },
        },
      ],
    }));

  test('the next one comes too fast where that happens more often than the pool has connections', () => {
    const twice = [0, 70, 140].flatMap((at, n) => dies(at, n + 1));
    expect(judge([...twice, ...pool(4, 900, 901)])).toMatchObject({
      outcome: 'fail',
      clients: [{ finding: 'too fast', seen: expect.stringContaining('70 ms after a failure') }],
    });
  });

  test('the next one comes too late whichever it is', () =>
    expect(judge([...dies(0, 1), ...pool(2, 5_000, 5_001)], { max: '200ms' })).toMatchObject({
      clients: [{ finding: 'over the cap' }],
    }));

  test('the next one comes too fast where the client has one at a time', () =>
    expect(judge([...dies(0, 1), ...dies(60, 2), ...pool(3, 300)])).toMatchObject({
      clients: [{ finding: 'too fast' }],
    }));
});

test('parallel calls that are cut together are one failure, and come back together', () => {
  const PATHS = [1, 2, 3, 4].map((task) => ({ path: `/tasks/${task}` }));
  const cut = (at: number, connection: number): readonly Step[] => [
    ...opens(at, connection),
    ...PATHS.map((path, index) => asks(at, connection, index + 1, path)),
    resets(at + 10, connection, 1, 2, 3, 4),
  ];
  const steps = [...cut(0, 1), ...cut(120, 2), ...cut(340, 3)];
  expect(judge(steps)).toMatchObject({ outcome: 'pass', clients: [{ figures: { waits: 2 } }] });
});

test('a refusal that is cut with its connection before it arrives is one failure', () => {
  const refused = [asks(0, 1, 1), asks(0, 1, 2, { path: '/tasks/2' }), answers(10, 1, 2, { status: 503 })];
  const cut = [...opens(0, 1), ...refused, resets(10, 1, 1, 2), ...opens(150, 2)];
  const again = [asks(151, 2, 1), asks(152, 2, 2, { path: '/tasks/2' })];
  expect(judge([...cut, ...again])).toMatchObject({
    outcome: 'pass',
    clients: [{ seen: 'waited 141 ms to 141 ms after 1 failure, 1 failure in a row at most' }],
  });
});

test('a refusal asks to wait, too; one that says how long is for another check', () => {
  const refusedAt = (at: number, request: number, more = {}): readonly Step[] => [
    asks(at, 1, request),
    answers(at + 1, 1, request, { status: 429, ...more }),
  ];
  const again = [...opens(0, 1), ...refusedAt(1, 1), ...refusedAt(2, 2), ...refusedAt(3, 3)];
  expect(judge(again)).toMatchObject({ outcome: 'fail', clients: [{ finding: 'too fast' }] });
  const slowly = [...opens(0, 1), ...refusedAt(0, 1), ...refusedAt(110, 2), ...refusedAt(330, 3), asks(800, 1, 4)];
  expect(judge(slowly)).toMatchObject({ outcome: 'pass', clients: [{ figures: { waits: 3 } }] });
  const told = [...opens(0, 1), ...refusedAt(0, 1, { retryAfterMs: 50 }), asks(60, 1, 2)];
  expect(judge(told)).toMatchObject({ outcome: 'inconclusive' });
});

test('five first waits that differ by what a busy machine adds to one of them have no jitter', () => {
  const steps = [150, 151, 150, 260, 152].flatMap((wait, n) =>
    cutAndWait([wait], { from: n * 10_000, connection: n * 10 + 1, path: `/tasks/${n}` }),
  );
  expect(judge(steps)).toMatchObject({ clients: [{ finding: 'no jitter' }] });
});

describe('what is no comeback', () => {
  test('another call of a pool that still has a connection', () => {
    const steps = [
      ...opens(0, 1),
      ...opens(0, 2),
      asks(0, 1, 1),
      resets(10, 1, 1),
      asks(12, 2, 1, { path: '/tasks/9' }),
    ];
    const onNew = [...opens(145, 3), asks(150, 3, 1), answers(160, 3, 1)];
    expect(judge([...steps, ...onNew])).toMatchObject({
      outcome: 'pass',
      clients: [{ figures: { waits: 1, shortestMs: 140 } }],
    });
  });

  test('the same call over a connection that is well', () => {
    const steps = [...opens(0, 1), ...opens(0, 2), asks(0, 1, 1), asks(1, 2, 1), resets(10, 1, 1), asks(11, 2, 2)];
    expect(judge(steps)).toMatchObject({ outcome: 'inconclusive' });
  });

  test('a spare connection that is opened at once', () => {
    const steps = [...opens(0, 1), asks(0, 1, 1), resets(10, 1, 1), ...opens(11, 2), asks(140, 2, 1)];
    expect(judge(steps)).toMatchObject({ outcome: 'pass', clients: [{ figures: { shortestMs: 130 } }] });
  });

  test('the end of an idle connection', () =>
    expect(
      judge([...opens(0, 1), asks(0, 1, 1), answers(5, 1, 1), resets(8_000, 1), ...opens(8_001, 2)]),
    ).toMatchObject({
      outcome: 'inconclusive',
    }));

  test('a call that another thread starts on a connection of its own', () => {
    const path = (task: number) => ({ path: `/tasks/${task}` });
    const steps = [
      ...[...opens(0, 1), asks(0, 1, 1, path(1)), resets(10, 1, 1)],
      ...[...opens(84, 2), asks(85, 2, 1, path(2)), resets(90, 2, 1)],
      ...[...opens(120, 3), asks(120, 3, 1, path(1)), ...opens(195, 4), asks(195, 4, 1, path(2))],
    ];
    expect(judge(steps)).toMatchObject({ outcome: 'pass', clients: [{ figures: { waits: 2, shortestMs: 105 } }] });
  });

  test('new work that opens a connection, on which the cut call comes again in time', () => {
    const path = (task: number) => ({ path: `/tasks/${task}` });
    const steps = [...opens(0, 1), asks(0, 1, 1, path(1)), resets(10, 1, 1), ...opens(70, 2), asks(72, 2, 1, path(2))];
    expect(judge([...steps, asks(120, 2, 2, path(1))])).toMatchObject({
      outcome: 'pass',
      clients: [{ figures: { waits: 1, shortestMs: 110 } }],
    });
  });

  test('one of several connections that were opened at the same time, the first of which were cut', () => {
    const dies = (at: number, connection: number, end: number): readonly Step[] => [
      ...opens(at, connection).slice(0, 2),
      resets(end, connection),
    ];
    const burst = [...dies(0, 1, 2), ...dies(16, 2, 18), ...opens(27, 3), ...opens(40, 4)];
    const asked = [asks(50, 3, 1), asks(51, 4, 1, { path: '/tasks/2' })];
    expect(judge([...burst, ...asked, ...opens(130, 5), asks(130, 5, 1, { path: '/tasks/3' })])).toMatchObject({
      outcome: 'inconclusive',
    });
    // One after the other, it is haste.
    expect(judge([...dies(0, 1, 2), ...dies(16, 2, 18), ...opens(27, 3), asks(28, 3, 1)])).toMatchObject({
      clients: [{ finding: 'too fast', figures: { waits: 2 } }],
    });
  });

  test('what a client ended itself', () => {
    const [at, ended] = resets(10, 1, 1);
    const steps: readonly Step[] = [
      ...opens(0, 1),
      asks(0, 1, 1),
      [at, { ...ended, by: 'client' } as typeof ended],
      ...opens(11, 2),
      asks(11, 2, 1),
    ];
    expect(judge(steps)).toMatchObject({ outcome: 'inconclusive' });
  });
});

test("waits are the client's: where time runs 20 times as fast, 2 s of the lane are 100 ms of its", () => {
  const faster: Step = [0, { type: 'clock.changed', mode: 'real', speed: 20 }];
  expect(judge([faster, ...cutAndWait([2_000])])).toMatchObject({
    outcome: 'pass',
    clients: [{ figures: { shortestMs: 100 } }],
  });
  expect(judge([faster, ...cutAndWait([150])])).toMatchObject({ clients: [{ finding: 'too fast' }] });
});

test('a cap below the first wait is refused: no client could keep to both', () => {
  const allows = (params: object) => backoff.params.safeParse(params).success;
  expect([{ base: '5s', max: '1s' }, { max: '50ms' }, { base: '1s', max: '1s' }].map(allows)).toEqual([
    false,
    false,
    true,
  ]);
});

test('a client that closes its side of a FIN after its wait has waited', () => {
  const closed = ends(170, 1, { by: 'fault', how: 'fin', idleMs: 160 });
  const steps = [...opens(0, 1).slice(0, 2), closed, ...opens(171, 2), asks(172, 2, 1), answers(173, 2, 1)];
  expect(judge(steps)).toMatchObject({ outcome: 'pass', clients: [{ figures: { waits: 1, shortestMs: 162 } }] });
});

test('what never comes again was followed by the next connection, if the client has one at a time', () => {
  const path = (task: number) => ({ path: `/tasks/${task}` });
  const movesOn = [...opens(0, 1), asks(0, 1, 1, path(1)), resets(10, 1, 1), ...opens(70, 2), asks(70, 2, 1, path(2))];
  expect(judge(movesOn)).toMatchObject({ clients: [{ finding: 'too fast', figures: { shortestMs: 60 } }] });
  expect(judge([...movesOn, ...opens(80, 3), asks(80, 3, 1, path(3))])).toMatchObject({ outcome: 'inconclusive' });
});

test('a connection that was under way when another was cut is no haste, unless what was cut comes on it', () => {
  const steps = [...opens(0, 1), asks(0, 1, 1), resets(10, 1, 1), ...opens(11, 2)];
  const other = asks(30, 2, 1, { path: '/tasks/9' });
  expect(judge([...steps, other, ...opens(140, 3), asks(141, 3, 1)])).toMatchObject({ outcome: 'pass' });
  expect(judge([...steps, asks(30, 2, 1)])).toMatchObject({ clients: [{ finding: 'too fast' }] });
});

test('the hint names the HTTP library where that sent a call again by itself', () => {
  const used = [...opens(0, 1), asks(1, 1, 1), answers(2, 1, 1), asks(5, 1, 2), resets(10, 1, 2), ...opens(11, 2)];
  const hintOf = (...steps: readonly Step[]) => judge([...used, ...steps]).clients[0]?.hint;
  expect(hintOf(asks(12, 2, 1))).toMatch(/^The HTTP library sent it again by itself/);
  expect(hintOf(asks(65, 2, 1))).toMatch(/^Wait before you try again/);
  expect(hintOf(asks(12, 2, 1, { clientRequestId: 'r' }))).toMatch(/^Wait before you try again/);
  expect(judge(cutAndWait([3])).clients[0]?.hint).toMatch(/^Wait before you try again/);
  // One that came later was sent again by the library.
  const early = cutAndWait([3], { from: -1_000, connection: 90, path: '/tasks/9' });
  expect(judge([...early, ...used, asks(12, 2, 1)]).clients[0]?.hint).toMatch(/^Wait before you try again/);
});

describe('what two readings disagree on', () => {
  const trace = (id: string) => ({ traceparent: `00-${id.repeat(32)}-${'1'.repeat(16)}-01` });

  test('a handshake that fills the wait: the client waited meanwhile, or for that alone', () => {
    const opening = (securedAt: number): readonly Step[] =>
      opens(11, 2).map(([at, entry]): Step => [entry.type === 'connection.secured' ? securedAt : at, entry]);
    const cut = [...opens(0, 1), asks(0, 1, 1), resets(10, 1, 1)];
    expect(judge([...cut, ...opening(11), asks(150, 2, 1)])).toMatchObject({ outcome: 'pass' });
    expect(judge([...cut, ...opening(149), asks(150, 2, 1)])).toMatchObject({ outcome: 'inconclusive' });
  });

  test('an equal request with another trace id, from a client with several calls at a time', () => {
    const list = (at: number, connection: number, request: number, id: string) =>
      asks(at, connection, request, { path: '/tasks?a=1', ...trace(id) });
    const start = [...opens(0, 1), list(0, 1, 1, 'a'), asks(1, 1, 2, { path: '/tasks/9' }), resets(10, 1, 1, 2)];
    const again = [...opens(60, 2), list(61, 2, 1, 'b'), answers(65, 2, 1), list(290, 2, 2, 'a')];
    expect(judge([...start, ...again])).toMatchObject({ outcome: 'inconclusive' });
    expect(judge([...start, ...opens(60, 2), list(61, 2, 1, 'a')])).toMatchObject({
      clients: [{ finding: 'too fast' }],
    });
  });

  test('connections that were dialled at once by calls that are under way at the same time', () => {
    const dies = (at: number, connection: number): readonly Step[] => [
      ...opens(at, connection).slice(0, 2),
      resets(at + 2, connection),
    ];
    const dials = [...dies(0, 1), ...dies(3, 2), ...opens(6, 3), asks(7, 3, 1)];
    expect(judge([...dials, asks(280, 3, 2, { path: '/tasks/2' }), answers(300, 3, 1)])).toMatchObject({
      outcome: 'inconclusive',
    });
    expect(judge([...dials, answers(8, 3, 1)])).toMatchObject({ outcome: 'fail' });
  });
});

test('a connection from before the run may have served until it was cut: what is opened next has nothing to wait for', () =>
  expect(judge([resets(10, 1), ...opens(20, 2), asks(20, 2, 1), answers(21, 2, 1)]).outcome).toBe('inconclusive'));

test('a create that differs from a refused one in seed or mark may be another attempt, or another video', () => {
  const judged = (...steps: readonly Step[]) => judgeBy(backoff, {}, [...opens(0, 1), ...steps]).clients;
  const refused = triesToCreate(0, 1);
  expect(judged(...refused, ...triesToCreate(10, 2))).toMatchObject([
    { outcome: 'inconclusive', doubtful: true, seen: expect.stringMatching(/^sent a create 5 ms after one failed/) },
  ]);
  const waited = judged(...refused, ...triesToCreate(300, 2));
  expect(waited).toMatchObject([{ outcome: 'inconclusive', seen: expect.stringContaining('met no failure') }]);
  const sure = [
    ...triesToCreate(5_000, 3, { body: 'a', intent: 'x' }),
    ...triesToCreate(5_200, 4, { body: 'a', intent: 'x' }),
  ];
  expect(judged(...refused, ...triesToCreate(10, 2), ...sure)).toMatchObject([{ doubtful: true }]);
  expect(judged(...refused, ...triesToCreate(300, 2), ...sure)).toMatchObject([{ outcome: 'pass' }]);
  // What is too fast for sure is blamed all the same.
  const hasty = [5_000, 5_010].flatMap((at, n) => triesToCreate(at, 3 + n, { body: 'a', intent: 'x' }));
  expect(judged(...refused, ...triesToCreate(10, 2), ...hasty)).toMatchObject([{ finding: 'too fast' }]);
});
