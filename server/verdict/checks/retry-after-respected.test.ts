import { describe, expect, test } from 'vitest';
import {
  answers,
  asks,
  brings,
  findingsOf,
  hurries,
  judgeAfterLoss,
  judgeBy,
  creates as made,
  opens,
  resets,
  type Step,
  TASKS,
} from '../testing.ts';
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

describe('a Get of a task that comes again too early', () => {
  const path = `${TASKS}/cgt-1`;
  /** Polls that are answered at once, the last of them with 429. */
  const polls = (...times: readonly number[]) =>
    times.flatMap((at) => [
      asks(at, 1, at, { path }),
      answers(at + 1, 1, at, at === times.at(-1) ? { path, status: 429, retryAfterMs: 1_000 } : { path }),
    ]);
  const again = (at: number): readonly Step[] => [asks(at, 1, at, { path }), answers(at + 1, 1, at, { path })];

  test('may be the turn of another loop that polls it', () => {
    const { clients } = judgeBy(retryAfterRespected, {}, [
      ...[...opens(0, 1), ...polls(0, 100, 400), ...again(500), ...again(1_500)],
    ]);
    expect(clients).toMatchObject([
      {
        outcome: 'inconclusive',
        doubtful: true,
        seen: expect.stringContaining('by turns from two loops, or in haste'),
      },
    ]);
    expect(find(...polls(0, 100, 400, 500), ...again(800))).toEqual(['inconclusive']);
    expect(find(...polls(0, 100, 250, 600, 700), ...again(850))).toEqual(['inconclusive']);
  });

  test('is too early where it is a List, which no loop polls', () => {
    const steps = [...polls(0, 100, 400), ...again(500)];
    const lists = steps.map(([at, entry]): Step => [at, { ...entry, path: TASKS } as typeof entry]);
    expect(find(...lists)).toEqual(['too early']);
  });

  test.each([
    ['its polls are evenly spaced', [0, 400, 800], 1_200],
    ['its polls grow apart', [0, 100, 300, 700], 1_500],
    ['it comes off the beat', [0, 100, 400, 500], 700],
    ['so close came only what was tried again', [0, 400, 800], 900],
    ['it was polled once before', [0, 100], 200],
  ])('is too early where %s', (_what, times, at) =>
    expect(find(...polls(...times), ...again(at))).toEqual(['too early']),
  );

  test('is too early as close as an earlier attempt at a failed poll came', () => {
    const failed = [asks(400, 1, 400, { path }), answers(401, 1, 400, { path, status: 503 }), ...again(500)];
    expect(
      find(...polls(0).slice(0, 1), answers(1, 1, 0, { path }), ...failed, ...polls(900), ...again(1_000)),
    ).toEqual(['too early']);
  });
});

const TASK = `${TASKS}/cgt-1`;
const asksFor = (at: number, request: number, path = TASK): Step => asks(at, 1, request, { path });
const refusesTask = (at: number, request: number, path = TASK, retryAfterMs = 1_000): Step =>
  answers(at, 1, request, { path, status: 429, retryAfterMs });
const succeeds = (at: number, request: number, path = TASK): Step => answers(at, 1, request, { path });
/** A create with a body of its own. */
const creates = (at: number, request: number, digest: string): readonly Step[] => [
  asks(at, 1, request, { method: 'POST', path: TASKS }),
  [at, { type: 'request.body', connection: 1, request, bytes: 2, digest }],
];
const refusesCreate = (at: number, request: number): Step =>
  answers(at, 1, request, { method: 'POST', path: TASKS, status: 429, retryAfterMs: 1_000 });

test('another create in place of the refused one is as hasty as that one', () => {
  const refused = [...creates(0, 1, 'a'), refusesCreate(10, 1)];
  expect(find(...refused, ...creates(60, 2, 'b'))).toEqual(['too early']);
  expect(find(...refused, ...creates(1_004, 2, 'b'))).toEqual(['too early']);
  expect(find(...refused, ...creates(1_005, 2, 'b'))).toEqual(['inconclusive']);
  const { clients } = judgeBy(retryAfterRespected, {}, [...opens(0, 1), ...refused, ...creates(60, 2, 'b')]);
  expect(clients[0]).toMatchObject({
    seen: 'did not try the refused call again, and sent another after 50 ms, asked to wait 1000 ms',
    eventCount: 2,
  });
});

test('each refusal in a row of new creates counts', () => {
  const first = [...creates(0, 1, 'a'), refusesCreate(10, 1), ...creates(60, 2, 'b'), refusesCreate(70, 2)];
  expect(find(...first, ...creates(2_000, 3, 'c'))).toEqual(['too early']);
});

test('another task in place of the refused one is as hasty; a call of another kind is not', () => {
  const refused = [asksFor(0, 1), refusesTask(10, 1)];
  expect(find(...refused, asksFor(20, 2, `${TASKS}/cgt-2`))).toEqual(['too early']);
  expect(find(...refused, asksFor(20, 2, TASKS))).toEqual(['inconclusive']);
  expect(find(...refused, ...creates(20, 2, 'a'))).toEqual(['inconclusive']);
  expect(find(...refused, asksFor(20, 2, '/m/1.mp4'))).toEqual(['inconclusive']);
});

test('each file of the storage is of one kind', () =>
  expect(find(asksFor(0, 1, '/m/1.mp4'), refusesTask(10, 1, '/m/1.mp4'), asksFor(20, 2, '/m/2.mp4'))).toEqual([
    'too early',
  ]));

test('other calls were under way when the refusal came, or are attempts at calls that were', () => {
  const other = `${TASKS}/cgt-2`;
  expect(find(asksFor(0, 1), asksFor(5, 2, other), refusesTask(10, 1), succeeds(12, 2, other))).toEqual([
    'inconclusive',
  ]);
  const both = [asksFor(0, 1), asksFor(1, 2, other), refusesTask(10, 1), refusesTask(10, 2, other)];
  expect(find(...both, asksFor(1_010, 3), asksFor(1_010, 4, other))).toEqual(['pass']);
});

test('a client that polls several tasks at a time goes on with the others', () => {
  const other = `${TASKS}/cgt-2`;
  const before = [asksFor(0, 1), asksFor(0, 2, other), succeeds(5, 1), succeeds(5, 2, other)];
  const goesOn = [asksFor(250, 3), refusesTask(260, 3), asksFor(300, 4, other), succeeds(310, 4, other)];
  expect(find(...before, ...goesOn)).toEqual(['inconclusive']);
  expect(find(...before, ...goesOn, asksFor(1_270, 5), succeeds(1_280, 5))).toEqual(['pass']);
});

test('a new call beside one that is tried again as asked may be other work: both readings are named', () => {
  const done = answers(70, 1, 2, { method: 'POST', path: TASKS });
  const refused = [...creates(0, 1, 'a'), refusesCreate(10, 1), ...creates(60, 2, 'b'), done];
  const { clients } = judgeBy(retryAfterRespected, {}, [...opens(0, 1), ...refused, ...creates(1_020, 3, 'a')]);
  expect(clients).toMatchObject([
    {
      outcome: 'inconclusive',
      seen: 'sent another call like the refused one after 50 ms, asked to wait 1000 ms: other work, or the same in haste',
    },
  ]);
  const parallel = [...creates(0, 1, 'a'), ...creates(1, 2, 'b'), refusesCreate(10, 1), ...creates(60, 3, 'c')];
  expect(find(...parallel)).toEqual(['inconclusive']);
});

test('with several calls at a time, another is on its way when a refusal comes, and not 10 ms later', () => {
  const again = [...creates(1_020, 4, 'a'), answers(1_030, 1, 4, { method: 'POST', path: TASKS })];
  const story = (at: number) => {
    const first = answers(5, 1, 2, { method: 'POST', path: TASKS });
    const parallel = [...creates(0, 1, 'a'), ...creates(1, 2, 'b'), first, refusesCreate(10, 1)];
    return [...parallel, ...creates(at, 3, 'c'), ...again];
  };
  expect(find(...story(19))).toEqual(['pass']);
  expect(find(...story(20))).toEqual(['inconclusive']);
});

test('a refusal that was cut says nothing of other calls', () =>
  expect(
    find(
      asksFor(0, 1),
      refusesTask(10, 1),
      resets(12, 1, 1),
      ...opens(20, 2),
      asks(20, 2, 1, { path: `${TASKS}/cgt-2` }),
    ),
  ).toEqual(['inconclusive']));

test('a value that RFC 9110 does not know is named', () => {
  const unreadable = [asks(0, 1, 1), answers(10, 1, 1, { status: 429, retryAfterUnreadable: '1.5' }), asks(20, 1, 2)];
  expect(judgeBy(retryAfterRespected, {}, [...opens(0, 1), ...unreadable]).clients).toMatchObject([
    { outcome: 'inconclusive', seen: 'its Retry-After "1.5" is unreadable: neither seconds nor a date', eventCount: 1 },
  ]);
  expect(find(...unreadable, refuses(30, 2), asks(1_030, 1, 3))).toEqual(['pass']);
});

test('two clients are judged apart: the other one was not asked to wait', () =>
  expect(find(asks(0, 1, 1), refuses(10, 1), ...opens(20, 2, { userAgent: 'milk/1' }), asks(20, 2, 1))).toEqual([
    'inconclusive',
    'inconclusive',
  ]));

test('a create whose body comes after the refusal was on its way before it', () => {
  const [asked, body] = creates(5, 2, 'b');
  const [again, sameBody] = creates(5, 3, 'a');
  if (!asked || !body || !again || !sameBody) throw new Error('a create has two events');
  const late = ([, entry]: Step): Step => [12, entry];
  const done = [answers(20, 1, 2, { method: 'POST', path: TASKS }), answers(20, 1, 3, { method: 'POST', path: TASKS })];
  expect(find(...creates(0, 1, 'a'), asked, refusesCreate(10, 1), late(body), ...done.slice(0, 1))).toEqual([
    'inconclusive',
  ]);
  expect(find(...creates(0, 1, 'a'), again, refusesCreate(10, 1), late(sameBody), ...done.slice(1))).toEqual([
    'inconclusive',
  ]);
});

test('another attempt at another call is no call in place of the refused one', () => {
  const other = `${TASKS}/cgt-2`;
  const failed = [asksFor(0, 1, other), answers(5, 1, 1, { path: other, status: 503 })];
  expect(find(...failed, asksFor(6, 2), refusesTask(10, 2), asksFor(100, 3, other))).toEqual(['inconclusive']);
});

test('each refusal counts once, however many attempts follow it', () => {
  const key = { idempotencyKey: 'k' };
  const steps = [asks(0, 1, 1, key), refuses(10, 1), asks(1_010, 1, 2, key), asks(1_011, 1, 3, key)];
  expect(judgeBy(retryAfterRespected, {}, [...opens(0, 1), ...steps]).clients[0]?.figures).toMatchObject({
    retries: 1,
  });
});

test('no refusal is no unreadable one', () =>
  expect(judgeBy(retryAfterRespected, {}, [...opens(0, 1), asks(0, 1, 1), answers(10, 1, 1)]).clients[0]?.seen).toBe(
    'it was given no Retry-After',
  ));

test('the storage may ask for a wait as well', () => {
  const opensStorage: readonly Step[] = [
    [0, { type: 'connection.opened', connection: 1, remote: '127.0.0.1:40001', storage: true }],
    ...opens(0, 1).slice(1),
  ];
  const steps = [asksFor(0, 1, '/m/1.mp4'), refusesTask(10, 1, '/m/1.mp4'), asksFor(20, 2, '/m/1.mp4')];
  expect(findingsOf(retryAfterRespected, {}, [...opensStorage, ...steps])).toEqual(['too early']);
});

test('an event that was lost may be the attempt that is missing', () =>
  expect(
    judgeAfterLoss(retryAfterRespected, {}, [
      ...opens(0, 1),
      ...creates(0, 1, 'a'),
      refusesCreate(10, 1),
      ...creates(60, 2, 'b'),
    ]),
  ).toBe('inconclusive'));

test('a client that gave up is said to, whatever else was unreadable', () => {
  const unreadable = [asks(0, 1, 1), answers(5, 1, 1, { status: 429, retryAfterUnreadable: '1.5' })];
  const seen = (...steps: readonly Step[]) =>
    judgeBy(retryAfterRespected, {}, [...opens(0, 1), ...steps]).clients[0]?.seen;
  const refused = [asks(6, 1, 2, { path: '/tasks/2' }), answers(10, 1, 2, { status: 429, retryAfterMs: 1_000 })];
  expect(seen(...unreadable, ...refused)).toBe('it gave up after 1 refusal');
});

test('a wait goes on when another call of its kind is answered', () => {
  const [second, third] = [`${TASKS}/cgt-2`, `${TASKS}/cgt-3`];
  const steps = [asksFor(0, 1), asksFor(5, 2, second), refusesTask(10, 1), succeeds(12, 2, second)];
  const { clients } = judgeBy(retryAfterRespected, {}, [...opens(0, 1), ...steps, asksFor(20, 3, third)]);
  expect(clients[0]?.seen).toMatch(/^sent another call like the refused one after 10 ms/);
});

test('what may be several programs fails only if one of them does by itself', () => {
  const turn = (at: number, connection: number, request: number): Step => asks(at, connection, request);
  const steps = [turn(0, 1, 1), answers(1, 1, 1), turn(2, 2, 1), answers(3, 2, 1), turn(4, 1, 2), refuses(10, 2)];
  expect(find(...opens(0, 2), ...steps, turn(20, 2, 2))).toEqual(['inconclusive']);
  expect(find(...opens(0, 2), ...steps, turn(20, 1, 3))).toEqual(['too early']);
});

test('a repetition by its key whose body comes after the refusal was on its way before it', () => {
  const key = { method: 'POST', path: TASKS, idempotencyKey: 'k' };
  const bodyOf = (at: number, request: number): Step => [
    at,
    { type: 'request.body', connection: 1, request, bytes: 2, digest: 'a' },
  ];
  const first = [asks(0, 1, 1, key), bodyOf(0, 1)];
  expect(find(...first, asks(5, 1, 2, key), refusesCreate(10, 1), bodyOf(12, 2))).toEqual(['inconclusive']);
  expect(find(...first, refusesCreate(10, 1), asks(11, 1, 2, key), bodyOf(12, 2))).toEqual(['too early']);
});

const wish = (atMs: number, request: number, digest: string, answer: object): readonly Step[] => [
  asks(atMs, 1, request, { method: 'POST', path: TASKS }),
  brings(atMs, 1, request, digest),
  answers(atMs + 1, 1, request, { method: 'POST', path: TASKS, ...answer }),
];
const refused = { status: 429, retryAfterMs: 1_000 };
const makes = (atMs: number, request: number, digest: string): readonly Step[] => [
  asks(atMs, 1, request, { method: 'POST', path: TASKS }),
  brings(atMs, 1, request, digest),
  made(atMs, `cgt-${request}`, { connection: 1, request }),
  answers(atMs + 1, 1, request, { method: 'POST', path: TASKS }),
];

test('creates with one body, of which the client makes several, may be the same or not', () => {
  // The second comes during the wait of the first, and each is tried again in time.
  const twins = [...wish(0, 1, 'a', refused), ...wish(300, 2, 'a', refused), ...makes(1_010, 3, 'a')];
  expect(find(...twins, ...makes(1_400, 4, 'a'))).toEqual(['inconclusive']);
  expect(find(...twins)).toEqual(['too early']);
});

test('several creates that are refused one after the other each have their own wait', () =>
  expect(
    find(
      ...[0, 50, 100].flatMap((at, n) => wish(at, n + 1, `${n}`, refused)),
      ...[1_060, 1_110, 1_160].flatMap((at, n) => makes(at, n + 4, `${n}`)),
    ),
  ).toEqual(['inconclusive']));

test('the first call on a connection that was opened before the refusal was meant before it', () => {
  const steps = [...wish(0, 1, 'a', refused), ...opens(9, 2)];
  const other = (request: number): readonly Step[] => [
    asks(40, 2, request, { method: 'POST', path: TASKS }),
    brings(40, 2, request, 'b'),
    answers(41, 2, request, { method: 'POST', path: TASKS }),
  ];
  const before: readonly Step[] = [...opens(0, 1), ...opens(0, 2), ...wish(0, 1, 'a', refused)];
  expect(findingsOf(retryAfterRespected, {}, [...before, ...other(1), ...makes(1_010, 2, 'a')])).toEqual(['pass']);
  expect(find(...steps, ...other(1), ...makes(1_010, 2, 'a'))).toEqual(['inconclusive']);
});

/** Creates with different bodies, one after the other, each refused. */
const refusedOnes = (count: number): readonly Step[] =>
  Array.from({ length: count }, (_, n) => wish(n * 10, n + 1, `${n}`, refused)).flat();
const triedAgain = (from: number, to: number): readonly Step[] =>
  Array.from({ length: to - from }, (_, n) => makes(2_000 + n * 10, 1_000 + n, `${from + n}`)).flat();

test('of more than 20 refused calls, one that is forgotten may have been tried again', () => {
  expect(find(...refusedOnes(20), ...triedAgain(1, 20))).toEqual(['too early']);
  expect(find(...refusedOnes(21), ...triedAgain(1, 21))).toEqual(['inconclusive']);
  expect(find(...refusedOnes(21), ...triedAgain(0, 21))).toEqual(['inconclusive']);
});

test('a wait goes on while many calls of its kind are answered', () => {
  const tasks = Array.from({ length: 25 }, (_, n) => `${TASKS}/cgt-1${n}`);
  const pollsAll = (atMs: number) =>
    tasks.flatMap((path, n) => [asksFor(atMs + n, atMs + n, path), succeeds(atMs + n, atMs + n, path)]);
  const steps = [...pollsAll(100), asksFor(200, 1), refusesTask(210, 1), ...pollsAll(300), asksFor(1_210, 2)];
  expect(find(asksFor(0, 9), succeeds(1, 9), ...steps, succeeds(1_211, 2))).toEqual(['pass']);
});

test('another call in place of the refused one counts, also once the refused one is over', () => {
  const other = [...creates(60, 2, 'b'), answers(61, 1, 2, { method: 'POST', path: TASKS })];
  const later = [asksFor(200_000, 9), succeeds(200_001, 9), asksFor(300_000, 10)];
  expect(find(...creates(0, 1, 'a'), refusesCreate(10, 1), ...other, ...later)).toEqual(['too early']);
});

test('a connection that was opened before the refusal, and used, had no need to send another call', () => {
  const [one, two] = [1, 2].map((connection) => opens(0, connection, { by: 'api-key' }));
  const used = [...(one ?? []), ...(two ?? []), asks(0, 2, 1), answers(1, 2, 1)];
  const other = [asks(40, 2, 2, { method: 'POST', path: TASKS }), brings(40, 2, 2, 'b')];
  expect(findingsOf(retryAfterRespected, {}, [...used, ...wish(5, 1, 'a', refused), ...other])).toEqual(['too early']);
});

test('an id says that a create is the refused one, though the client makes several with its body', () => {
  const id = { method: 'POST', path: TASKS, clientRequestId: 'r' };
  const withId = (atMs: number, request: number) => [asks(atMs, 1, request, id), brings(atMs, 1, request, 'a')];
  const tries = [...withId(0, 1), refusesCreate(10, 1), ...withId(300, 2)];
  const made = [...makes(2_000, 3, 'a'), ...makes(2_100, 4, 'a')];
  expect(find(...tries, answers(301, 1, 2, id), ...made)).toEqual(['too early']);
});

test('each hasty poll counts, and of creates with one body the first 100', () => {
  const times = Array.from({ length: 101 }, (_, n) => n + 2);
  const seen = (steps: readonly Step[]) =>
    judgeBy(retryAfterRespected, {}, [...opens(0, 1), ...steps]).clients[0]?.seen;
  const polls = times.flatMap((at) => [asksFor(at * 10, at), refusesTask(at * 10 + 1, at)]);
  expect(seen([asksFor(0, 1), refusesTask(1, 1), ...polls])).toMatch(/\(101 of 101 new attempts\)$/);
  const posts = times.flatMap((at) => wish(at * 10, at, 'a', refused));
  expect(seen([...wish(0, 1, 'a', refused), ...posts])).toMatch(/\(100 of 101 new attempts\)$/);
});

test('another call in place of the refused one counts, however many are answered after it', () => {
  const done = (n: number) => answers(3_000, 1, n, { method: 'POST', path: TASKS });
  const others = Array.from({ length: 25 }, (_, n) => [...creates(3_000, 10 + n, `c${n}`), done(10 + n)]).flat();
  const evaded = [...creates(0, 1, 'a'), refusesCreate(10, 1), ...creates(60, 2, 'b'), done(2)];
  expect(find(...evaded, ...others)).toEqual(['too early']);
});
