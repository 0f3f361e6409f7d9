import { describe, expect, test } from 'vitest';
import {
  answers,
  asks,
  creates,
  findingsOf,
  judgeBy,
  looks,
  moves,
  opens,
  resets,
  type Step,
  TASKS,
  triesToCreate,
} from '../testing.ts';
import { finalAnswersRespected } from './final-answers-respected.ts';

const start = [...opens(0, 1), creates(1, 'cgt-1'), moves(2, 'cgt-1', 'running', 'queued')];
const find = (...steps: readonly Step[]) => findingsOf(finalAnswersRespected, {}, [...start, ...steps]);
/** A request on the first connection, answered 10 ms later. */
const call = (atMs: number, method: string, status: number, more: { path?: string; digest?: string } = {}) => {
  const { path = `${TASKS}/cgt-1`, digest } = more;
  const body: readonly Step[] =
    digest === undefined ? [] : [[atMs, { type: 'request.body', connection: 1, request: atMs, bytes: 2, digest }]];
  return [
    asks(atMs, 1, atMs, { method, path }),
    ...body,
    answers(atMs + 10, 1, atMs, { method, path, status }),
  ] as readonly Step[];
};
const create = (atMs: number, status: number, digest = 'a') => call(atMs, 'POST', status, { path: TASKS, digest });
const polls = (...times: readonly number[]) => times.flatMap((atMs) => looks(atMs, '/cgt-1'));

test.each(['succeeded', 'failed', 'cancelled', 'expired'])(
  'a task that is %s may be asked for twice more',
  (status) => {
    const over = moves(50, 'cgt-1', status);
    expect(find(over, ...polls(100, 200, 300))).toEqual(['pass']);
    expect(find(over, ...polls(100, 200, 300, 400))).toEqual(['polled after the end']);
  },
);

test('the sentence names the task, the state and how often it was asked for', () => {
  const { clients } = judgeBy(finalAnswersRespected, {}, [
    ...start,
    moves(50, 'cgt-1', 'expired'),
    ...polls(100, 200, 300, 400, 500),
  ]);
  expect(clients[0]).toMatchObject({ seen: 'asked 4 times for a task that is expired', eventCount: 4 });
});

test('a setting says how many polls are fair', () =>
  expect(
    findingsOf(finalAnswersRespected, { polls: 0 }, [...start, moves(50, 'cgt-1', 'failed'), ...polls(100, 200)]),
  ).toEqual(['polled after the end']));

test.each([
  ['polls of a running task', polls(100, 200, 300, 400)],
  [
    'polls that were under way when the end was seen',
    [
      moves(50, 'cgt-1', 'succeeded'),
      ...[100, 101, 102, 103].map((request) => asks(100, 1, request, { path: `${TASKS}/cgt-1` })),
      ...[100, 101, 102, 103].map((request) => answers(110, 1, request, { path: `${TASKS}/cgt-1` })),
    ],
  ],
  [
    'polls after an altered answer',
    [
      moves(50, 'cgt-1', 'succeeded'),
      ...[100, 200, 300, 400].flatMap((at) => [
        asks(at, 1, at, { path: `${TASKS}/cgt-1` }),
        answers(at + 10, 1, at, { path: `${TASKS}/cgt-1`, altered: true }),
      ]),
    ],
  ],
  ['polls of a task that this run did not see created', [100, 200, 300, 400].flatMap((at) => looks(at, '/cgt-9'))],
] as const)('%s are no polls after the end', (_what, steps) =>
  expect(find(...steps).every((finding) => ['inconclusive', 'pass'].includes(finding))).toBe(true),
);

test('polls count after an end that the client got: not one that was cut after it was sent', () => {
  const cut = [moves(50, 'cgt-1', 'failed'), ...polls(100), resets(115, 1, 100), ...opens(120, 2)];
  const more = (...times: readonly number[]) =>
    times.flatMap((at) => [
      asks(at, 2, at, { path: `${TASKS}/cgt-1` }),
      answers(at + 10, 2, at, { path: `${TASKS}/cgt-1` }),
    ]);
  expect(find(...cut, ...more(200, 300, 400))).toEqual(['pass']);
  expect(find(...cut, ...more(200, 300, 400, 500))).toEqual(['polled after the end']);
});

test('a task that Get shows as it stood before may be polled on', () => {
  const regressed: Step = [150, { type: 'task.regressed', task: 'cgt-1', from: 'succeeded', to: 'running' }];
  const before = asks(140, 1, 140, { path: `${TASKS}/cgt-1` });
  const after = answers(160, 1, 140, { path: `${TASKS}/cgt-1` });
  const over = moves(50, 'cgt-1', 'succeeded');
  expect(find(over, ...polls(100), before, regressed, after, ...polls(200, 300, 400))).toEqual(['pass']);
  expect(find(over, ...polls(100), before, regressed, after, ...polls(200, 300, 400, 500))).toEqual([
    'polled after the end',
  ]);
});

test('the link to a video is renewed each day, and after the storage refused it', () => {
  const day = 86_400_000;
  const over = moves(50, 'cgt-1', 'succeeded');
  expect(find(over, ...polls(100, 200, 300, day + 200, day + 300))).toEqual(['pass']);
  expect(find(over, ...polls(100, 200, 300, day - 200))).toEqual(['polled after the end']);
  expect(find(over, ...polls(100, 200, 300, day + 100))).toEqual(['polled after the end']);
  const refused = (status: number): readonly Step[] => [
    [310, { type: 'connection.opened', connection: 2, remote: '127.0.0.1:40002', storage: true }],
    ...opens(310, 2).slice(1),
    asks(320, 2, 1, { path: '/m/1.mp4?sign=***' }),
    answers(330, 2, 1, { path: '/m/1.mp4?sign=***', status }),
  ];
  expect(find(over, ...polls(100, 200, 300), ...refused(403), ...polls(400, 500))).toEqual(['pass']);
  expect(find(over, ...polls(100, 200, 300), ...refused(404), ...polls(400))).toEqual(['polled after the end']);
  expect(find(over, ...polls(100, 200, 300), ...refused(403), ...polls(400, 500, 600))).toEqual([
    'polled after the end',
  ]);
});

test.each([400, 401, 403, 404, 422])('a request that is refused with %i may be sent once more', (status) => {
  expect(find(...create(100, status), ...create(200, status))).toEqual(['pass']);
  expect(find(...create(100, status), ...create(200, status), ...create(300, status))).toEqual(['repeated in vain']);
});

test.each([408, 409, 425, 429, 500, 503])('a %i is not final', (status) =>
  expect(find(...create(100, status), ...create(200, status), ...create(300, status))).toEqual(['inconclusive']),
);

test('different idempotency keys mean different requests', () => {
  const of = (at: number, idempotencyKey: string): readonly Step[] =>
    create(at, 400).map(([ms, entry]) => [
      ms,
      entry.type === 'request.received' ? { ...entry, idempotencyKey } : entry,
    ]);
  expect(find(...of(100, 'a'), ...of(200, 'b'), ...of(300, 'c'))).toEqual(['pass']);
  expect(find(...of(100, 'a'), ...of(200, 'a'), ...of(300, 'a'))).toEqual(['repeated in vain']);
});

test('a request with another API key is another request', () => {
  const of = (at: number, account: string): readonly Step[] => [
    [at, { type: 'connection.identified', connection: 1, client: 'web', by: 'header x-client-id', account }],
    ...create(at, 401),
  ];
  const judged = (...steps: readonly Step[]) =>
    findingsOf(finalAnswersRespected, {}, [...opens(0, 1).slice(0, 3), ...steps]);
  expect(judged(...of(100, 'a'), ...of(200, 'b'), ...of(300, 'c'), ...of(400, 'd'))).toEqual(['pass']);
  expect(judged(...of(100, 'a'), ...of(200, 'b'), ...of(300, 'b'), ...of(400, 'b'))).toEqual(['repeated in vain']);
});

test('the sentence names the request, the status and the number', () => {
  const { clients } = judgeBy(finalAnswersRespected, {}, [
    ...start,
    ...[100, 200, 300, 400].flatMap((at) => create(at, 400)),
  ]);
  expect(clients[0]).toMatchObject({
    seen: `sent POST ${TASKS} 3 times more after 400`,
    figures: { finals: 1, count: 2 },
  });
});

test.each([
  ['another body', [...create(100, 400, 'a'), ...create(200, 400, 'b'), ...create(300, 400, 'c')]],
  ['another place', [100, 200, 300].flatMap((at) => call(at, 'DELETE', 404, { path: `${TASKS}/cgt-${at}` }))],
  [
    'three at once',
    [
      ...[100, 101, 102].map((request) => asks(100, 1, request, { method: 'DELETE', path: `${TASKS}/cgt-7` })),
      ...[100, 101, 102].map((request) =>
        answers(110, 1, request, { method: 'DELETE', path: `${TASKS}/cgt-7`, status: 404 }),
      ),
    ],
  ],
  ['two minutes between', [...create(100, 400), ...create(200, 400), ...create(130_000, 400)]],
  ['one that worked between', [...create(100, 400), ...create(200, 400), ...create(300, 200), ...create(400, 400)]],
] as const)('refused three times, with %s: no repetition', (_what, steps) => expect(find(...steps)).toEqual(['pass']));

test('a 404 for a task that exists may be a replica that lags behind; for one that is deleted it is final', () => {
  const gone = (...times: readonly number[]) => times.flatMap((at) => looks(at, '/cgt-1', { status: 404 }));
  expect(find(...gone(100, 200, 300))).toEqual(['inconclusive']);
  expect(find([50, { type: 'task.deleted', task: 'cgt-1' }], ...gone(100, 200, 300))).toEqual(['repeated in vain']);
  const deletes = [100, 200, 300].flatMap((at) => call(at, 'DELETE', 404));
  expect(find(...deletes)).toEqual(['inconclusive']);
  expect(find([50, { type: 'task.deleted', task: 'cgt-1' }], ...deletes)).toEqual(['repeated in vain']);
  const forbidden = [100, 200, 300].flatMap((at) => looks(at, '/cgt-1', { status: 403 }));
  expect(find(...forbidden)).toEqual(['repeated in vain']);
});

test('a place that is not of the API may be probed', () =>
  expect(find(...[100, 200, 300].flatMap((at) => call(at, 'GET', 404, { path: '/health' })))).toEqual([
    'inconclusive',
  ]));

test('a refusal that asks to come back later is not final', () =>
  expect(
    find(
      ...[100, 200, 300].flatMap((at) => [
        asks(at, 1, at, { method: 'DELETE', path: `${TASKS}/cgt-7` }),
        answers(at + 10, 1, at, { method: 'DELETE', path: `${TASKS}/cgt-7`, status: 403, retryAfterMs: 1_000 }),
      ]),
    ),
  ).toEqual(['inconclusive']));

const storage = (...times: readonly number[]): readonly Step[] =>
  times.flatMap((at) => [
    asks(at, 2, at, { path: '/m/1.mp4?sign=***' }),
    answers(at + 10, 2, at, { path: '/m/1.mp4?sign=***', status: 403 }),
  ]);
const opensStorage: readonly Step[] = [
  [60, { type: 'connection.opened', connection: 2, remote: '127.0.0.1:40002', storage: true }],
  ...opens(60, 2).slice(1),
];

test('the link may be asked for again before each new try of a download that was cut', () => {
  const cut = (at: number): readonly Step[] => [
    asks(at, 2, at, { path: '/m/1.mp4?sign=***' }),
    answers(at + 1, 2, at, { path: '/m/1.mp4?sign=***' }),
    [at + 2, { type: 'response.abandoned', connection: 2, request: at, how: 'rst-stream', bytes: 9, by: 'fault' }],
  ];
  const over = moves(50, 'cgt-1', 'succeeded');
  const tries = [100, 3_000, 6_000, 9_000].flatMap((at) => [...polls(at), ...cut(at + 100)]);
  expect(find(over, ...opensStorage, ...tries, ...polls(12_000))).toEqual(['pass']);
  // Neither a download that came whole nor another call that failed is a reason to ask again.
  const times = [100, 3_000, 6_000, 9_000];
  const whole = (at: number) => [asks(at, 2, at, { path: '/m/1.mp4' }), answers(at + 1, 2, at, { path: '/m/1.mp4' })];
  expect(find(over, ...opensStorage, ...times.flatMap((at) => [...polls(at), ...whole(at + 100)]))).toEqual([
    'polled after the end',
  ]);
  const failed = (at: number) => call(at, 'GET', 503, { path: TASKS });
  expect(find(over, ...times.flatMap((at) => [...polls(at), ...failed(at + 100)]))).toEqual(['polled after the end']);
});

test('an expired link is refused for good; a new one is another request', () => {
  expect(find(...opensStorage, ...storage(100, 200, 300))).toEqual(['repeated in vain']);
  expect(find(...opensStorage, ...storage(100, 200), ...looks(250, '/cgt-1'), ...storage(300, 400))).toEqual(['pass']);
});

test('DELETE after 409 needs a look in between', () => {
  const refused = call(100, 'DELETE', 409);
  const over = moves(300, 'cgt-1', 'succeeded');
  expect(find(...refused)).toEqual(['pass']);
  expect(find(...refused, ...call(200, 'DELETE', 409))).toEqual(['DELETE repeated']);
  expect(find(...refused, over, ...call(400, 'DELETE', 200))).toEqual(['DELETE repeated']);
  expect(find(...refused, ...polls(200), over, ...call(400, 'DELETE', 200))).toEqual(['DELETE repeated']);
  expect(find(...refused, over, ...polls(320), ...call(400, 'DELETE', 200))).toEqual(['pass']);
  expect(find(...refused, over, ...looks(320, ''), ...call(400, 'DELETE', 200))).toEqual(['pass']);
  expect(find(...refused, ...call(200, 'DELETE', 409, { path: `${TASKS}/cgt-2` }))).toEqual(['pass']);
  expect(find(...refused, over, ...call(400, 'GET', 200))).toEqual(['pass']);
});

test('DELETE after 409 may rest on what another client of the program has just seen', () => {
  const worker = (at: number, ...cut: readonly Step[]): readonly Step[] => [
    ...opens(250, 2, { ja4: 't13d2_c_d' }),
    asks(at, 2, at, { path: `${TASKS}/cgt-1` }),
    answers(at + 10, 2, at, { path: `${TASKS}/cgt-1` }),
    ...cut,
  ];
  const web = (...steps: readonly Step[]) =>
    find(...call(100, 'DELETE', 409), ...steps, ...call(400, 'DELETE', 200))[0];
  const over = moves(300, 'cgt-1', 'succeeded');
  expect(web(over, ...worker(380))).toBe('pass');
  expect(web(...worker(280), over)).toBe('DELETE repeated');
  expect(web(over, ...worker(380, resets(395, 2, 380)))).toBe('DELETE repeated');
});

test('DELETEs that are sent together are one wish', () =>
  expect(
    find(
      ...[100, 101].map((request) => asks(100, 1, request, { method: 'DELETE', path: `${TASKS}/cgt-1` })),
      ...[100, 101].map((request) =>
        answers(110, 1, request, { method: 'DELETE', path: `${TASKS}/cgt-1`, status: 409 }),
      ),
    ),
  ).toEqual(['pass']));

test('a callback that is acknowledged tells the end as well', () => {
  const news = {
    task: 'cgt-1',
    status: 'succeeded',
    url: 'http://localhost/',
    bizId: 'cgt-1',
    opType: 'x',
    version: 1,
  };
  const told: Step = [310, { type: 'callback.answered', ...news, attempt: 1, code: 200, ms: 1 }];
  expect(
    find(...call(100, 'DELETE', 409), moves(300, 'cgt-1', 'succeeded'), told, ...call(400, 'DELETE', 200)),
  ).toEqual(['pass']);
});

test('two minutes after a refusal the same request still is a repetition, and later it is not', () =>
  expect(find(...create(100, 400), ...create(200, 400), ...create(120_210, 400))).toEqual(['repeated in vain']));

test('an answer that says nothing of the task does not start the count over', () => {
  const path = `${TASKS}/cgt-1`;
  const altered = [asks(150, 1, 150, { path }), answers(160, 1, 150, { path, altered: true })];
  const over = moves(50, 'cgt-1', 'succeeded');
  expect(find(over, ...polls(100), ...altered, ...polls(200, 300, 400))).toEqual(['polled after the end']);
});

test('an answer of which a fault altered a frame may not be read', () => {
  const path = `${TASKS}/cgt-1`;
  const tampered = (at: number): readonly Step[] => [
    asks(at, 1, at, { path, stream: at }),
    [
      at + 5,
      {
        type: 'frame.tampered',
        ...{ connection: 1, stream: at, cause: 'x', direction: 'to-client', frame: 'DATA', did: 'x' },
      },
    ],
    answers(at + 10, 1, at, { path, stream: at }),
  ];
  expect(find(moves(50, 'cgt-1', 'succeeded'), ...[100, 200, 300, 400].flatMap(tampered))).toEqual(['inconclusive']);
});

test('only a List or a Get of the task tells its end', () => {
  const refused = call(100, 'DELETE', 409);
  const over = moves(300, 'cgt-1', 'succeeded');
  expect(find(...refused, over, ...create(350, 200), ...call(400, 'DELETE', 200))).toEqual(['DELETE repeated']);
  expect(find(...looks(100, '/cgt-1', { status: 409 }), ...call(200, 'DELETE', 409))).toEqual(['pass']);
});

test('only a Get of a task brings a new link', () => {
  const before = [...opensStorage, ...storage(100, 200)];
  expect(find(...before, ...create(250, 200), ...storage(300))).toEqual(['repeated in vain']);
  expect(find(...before, ...looks(250, '/cgt-1', { status: 404 }), ...storage(300))).toEqual(['repeated in vain']);
});

test('a DELETE of a task that exists may be refused for good', () =>
  expect(find(...[100, 200, 300].flatMap((at) => call(at, 'DELETE', 403)))).toEqual(['repeated in vain']));

test('what may be several programs fails only if one of them does by itself', () => {
  const turns = (...times: readonly number[]) =>
    times.flatMap((at, index) =>
      looks(at, '/cgt-1').map(([when, entry]) => [when, { ...entry, connection: 1 + (index % 2) }] as Step),
    );
  const over = moves(50, 'cgt-1', 'succeeded');
  expect(find(...opens(3, 2), over, ...turns(100, 200, 300, 400))).toEqual(['inconclusive']);
  expect(find(...opens(3, 2), over, ...turns(100, 200, 300, 400, 500, 600, 700, 800))).toEqual([
    'polled after the end',
  ]);
});

describe('a create that was refused for good, and comes again with another seed or mark', () => {
  const creates = (count: number, more: (n: number) => object = () => ({})) =>
    Array.from({ length: count }, (_, n) => triesToCreate(1_000 * n, n, { status: 400, ...more(n) })).flat();
  const judged = (steps: readonly Step[]) => judgeBy(finalAnswersRespected, {}, [...opens(0, 1), ...steps]).clients;

  test('may be the same in vain, or other videos', () => {
    expect(judged(creates(3))).toMatchObject([
      { outcome: 'inconclusive', doubtful: true, seen: expect.stringMatching(/^sent 2 creates after 400 that differ/) },
    ]);
    expect(judged(creates(2))).toMatchObject([{ outcome: 'pass' }]);
  });

  test('is blamed where the body is the same', () =>
    expect(judged(creates(3, () => ({ body: 'a' })))).toMatchObject([{ finding: 'repeated in vain' }]));

  test.each([
    ['it wants something else', (n: number) => ({ intent: `prompt ${n}` })],
    ['each has a key', (n: number) => ({ idempotencyKey: `video ${n}` })],
    ['each was repeated once', (n: number) => ({ body: `seed ${n >> 1}` })],
  ])('is good where %s', (_what, more) =>
    expect(judged(creates(4, more).slice(0, 12))).toMatchObject([{ outcome: 'pass' }]),
  );

  test('is good after an answer that was not final, or long after', () => {
    const made = triesToCreate(1_500, 50, { status: 200 });
    const [first, second, third] = [0, 1, 2].map((n) => triesToCreate(1_000 * n, n, { status: 400 }));
    expect(judged([first, second, made, third].flatMap((steps) => steps ?? []))).toMatchObject([{ outcome: 'pass' }]);
    const late = [...creates(2), ...triesToCreate(121_006, 9, { status: 400 })];
    expect(judged(late)).toMatchObject([{ outcome: 'pass' }]);
    const inTime = [...creates(2), ...triesToCreate(121_005, 9, { status: 400 })];
    expect(judged(inTime)).toMatchObject([{ doubtful: true }]);
  });
});
