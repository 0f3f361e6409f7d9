import { describe, expect, test } from 'vitest';
import { judge } from '../judge.ts';
import {
  answers,
  asks,
  creates,
  findingsOf,
  judgeAfterLoss,
  judgeBy,
  moves,
  opens,
  postsAndHears,
  resets,
  type Step,
  TASKS,
  tell,
} from '../testing.ts';
import { noDuplicateCreates } from './no-duplicate-creates.ts';

/** A create with a body of its own; it makes a task where one is named. */
const posts = (
  at: number,
  connection: number,
  request: number,
  digest: string,
  task?: string,
): readonly [Step, ...Step[]] => [
  asks(at, connection, request, { method: 'POST', path: TASKS }),
  [at, { type: 'request.body', connection, request, bytes: 10, digest }],
  ...(task === undefined ? [] : [creates(at + 1, task, { connection, request })]),
];
const find = (...steps: readonly Step[]) =>
  findingsOf(noDuplicateCreates, {}, [...opens(0, 1), ...opens(0, 2), ...steps]);
const lost = [...posts(0, 1, 1, 'a', 'cgt-1'), resets(5, 1, 1)];

test('a create whose answer was lost is not repeated, or it makes two tasks', () => {
  expect(find(...lost)).toEqual(['pass']);
  expect(find(...lost, asks(100, 2, 1, { path: TASKS }), answers(110, 2, 1))).toEqual(['pass']);
  expect(find(...lost, ...posts(100, 2, 1, 'a', 'cgt-2'))).toEqual(['duplicate']);
});

test('one that was cut before it was carried out may be', () =>
  expect(find(...posts(0, 1, 1, 'a'), resets(5, 1, 1), ...posts(100, 2, 1, 'a', 'cgt-1'))).toEqual(['pass']));

test('so may one that was refused', () =>
  expect(find(...posts(0, 1, 1, 'a'), answers(5, 1, 1, { status: 429 }), ...posts(100, 1, 2, 'a', 'cgt-1'))).toEqual([
    'pass',
  ]));

test('two creates that differ are two', () =>
  expect(find(...lost, ...posts(100, 2, 1, 'b', 'cgt-2'))).toEqual(['pass']));

/** A Get of a task, answered. */
const gets = (at: number, connection: number, request: number, task: string, more = {}): readonly Step[] => [
  asks(at, connection, request, { path: `${TASKS}/${task}` }),
  answers(at + 1, connection, request, more),
];
const made = (at: number, request: number, task: string, digest = 'a', keys = {}): readonly Step[] => [
  asks(at, 1, request, { method: 'POST', path: TASKS, ...keys }),
  [at, { type: 'request.body', connection: 1, request, bytes: 10, digest }],
  creates(at + 1, task, { connection: 1, request }),
  answers(at + 2, 1, request),
];
const lists = (at: number, request: number): readonly Step[] => [
  asks(at, 1, request, { path: TASKS }),
  answers(at + 1, 1, request),
];

describe('equal creates', () => {
  const twice = [...made(0, 1, 'cgt-1'), ...made(100, 2, 'cgt-2')];
  const second = gets(200, 1, 3, 'cgt-2');
  const first = gets(210, 1, 4, 'cgt-1');

  test('are separate where each task is followed', () => expect(find(...twice, ...second, ...first)).toEqual(['pass']));

  test('are one where a task is followed never, also where a List showed it', () => {
    expect(find(...twice, ...second)).toEqual(['duplicate']);
    expect(find(...twice, ...second, ...lists(220, 4))).toEqual(['duplicate']);
  });

  test.each([
    ['a Get that was cut', [asks(210, 2, 1, { path: `${TASKS}/cgt-1` }), resets(211, 2, 1)], 'duplicate'],
    ['a Get that was refused', gets(210, 1, 4, 'cgt-1', { status: 503 }), 'duplicate'],
    ['a Get that was altered', gets(210, 1, 4, 'cgt-1', { altered: true }), 'duplicate'],
    [
      'a Get that was refused, after one that showed the end',
      [moves(205, 'cgt-1', 'succeeded'), ...gets(206, 1, 4, 'cgt-1'), ...gets(4_000, 1, 5, 'cgt-1', { status: 503 })],
      'pass',
    ],
    ['a DELETE', [[210, { type: 'task.deleted', task: 'cgt-1' }] as Step], 'pass'],
    ['an acknowledged callback', postsAndHears(210, { task: 'cgt-1', status: 'running' }), 'pass'],
  ])('with %s: %#', (_what, steps, finding) => expect(find(...twice, ...second, ...steps)).toEqual([finding]));

  test('a failed poll, and the same create again: how the first attempt ended does not matter', () => {
    const failed = [asks(50, 2, 1, { path: `${TASKS}/cgt-1` }), resets(51, 2, 1)];
    expect(find(...made(0, 1, 'cgt-1'), ...failed, ...made(100, 2, 'cgt-2'), ...second)).toEqual(['duplicate']);
  });

  test('three videos of one prompt, the first answer lost and its task found by List', () => {
    const all = [...lost, ...posts(100, 2, 1, 'a', 'cgt-2'), answers(105, 2, 1), ...posts(110, 2, 2, 'a', 'cgt-3')];
    const follow = ['cgt-1', 'cgt-2', 'cgt-3'].flatMap((task, index) => gets(300 + index, 2, 3 + index, task));
    expect(find(...all, answers(115, 2, 2), ...follow)).toEqual(['pass']);
  });

  test('a hedge made two: the one that is never followed is the second', () => {
    const hedge = [
      ...posts(0, 1, 1, 'a', 'cgt-1'),
      ...posts(5, 1, 2, 'a', 'cgt-2'),
      answers(6, 1, 1),
      answers(7, 1, 2),
    ];
    expect(find(...hedge, ...gets(100, 1, 3, 'cgt-1'))).toEqual(['duplicate']);
  });

  test('a hedge made two: the first was answered before the second made its task', () => {
    const [sent, body] = posts(5, 1, 2, 'a');
    const hedge = [...posts(0, 1, 1, 'a', 'cgt-1'), sent, ...[body ?? sent], answers(6, 1, 1)];
    const both = [...hedge, creates(7, 'cgt-2', { connection: 1, request: 2 }), answers(8, 1, 2)];
    expect(find(...both, ...gets(100, 1, 3, 'cgt-1'))).toEqual(['duplicate']);
  });

  test('the second, sent after the answer to the first, is no hedge', () =>
    expect(find(...twice, ...first)).toEqual(['pass']));

  test('the report counts both tasks, and those that are followed', () => {
    const seen = (...steps: readonly Step[]) =>
      judgeBy(noDuplicateCreates, {}, [...opens(0, 1), ...twice, ...steps]).clients[0]?.seen;
    expect(seen(...second)).toMatch(/^2 tasks for one create, of which cgt-1 is not followed/);
    expect(seen(...second, ...first)).toBe('2 tasks for 2 creates');
    const again = [...opens(0, 2), ...lost, ...posts(100, 2, 1, 'a', 'cgt-2'), answers(105, 2, 1)];
    const both = [...gets(200, 2, 2, 'cgt-1'), ...gets(210, 2, 3, 'cgt-2')];
    expect(judgeBy(noDuplicateCreates, {}, [...opens(0, 1), ...again, ...both]).clients[0]?.seen).toBe(
      '2 tasks for 1 create and 1 equal one, all of them followed',
    );
  });

  test('on several connections by turns may be those of several programs', () => {
    const turns = [asks(0, 1, 1), answers(1, 1, 1), asks(2, 2, 1), answers(3, 2, 1), asks(4, 1, 2), answers(5, 1, 2)];
    const steps = [...posts(10, 1, 3, 'a', 'cgt-1'), answers(15, 1, 3), ...posts(20, 2, 2, 'a', 'cgt-2')];
    expect(find(...turns, ...steps, answers(25, 2, 2), ...gets(30, 2, 3, 'cgt-2'))).toEqual(['inconclusive']);
  });
});

test('a client that has made more tasks than are remembered is still judged', () => {
  const many = Array.from({ length: 10_001 }, (_, index) => made(index, index + 1, `cgt-${index}`, `${index}`)).flat();
  const twice = [...made(20_000, 20_001, 'cgt-a'), ...made(20_010, 20_002, 'cgt-b')];
  const journal = tell([...opens(0, 1), ...many, ...twice, ...gets(20_020, 1, 20_003, 'cgt-b')], 100_000);
  const expected = [noDuplicateCreates.bind({})];
  const { report } = judge(journal, { scenario: 'story', seed: 1, expect: expected });
  expect(report.checks[0]?.clients).toMatchObject([{ finding: 'duplicate' }]);
});

test('a loss of events casts doubt on what is not followed, and on no equal key', () => {
  const after = (...steps: readonly Step[]) => judgeAfterLoss(noDuplicateCreates, {}, [...opens(0, 1), ...steps]);
  const key = { idempotencyKey: 'k' };
  const second = gets(200, 1, 3, 'cgt-2');
  expect(after(...made(0, 1, 'cgt-1'), ...made(100, 2, 'cgt-2'), ...second)).toBe('inconclusive');
  expect(after(...made(0, 1, 'cgt-1', 'a', key), ...made(100, 2, 'cgt-2', 'a', key), ...second)).toBe('fail');
});

describe('keys', () => {
  const keyed = (first: object, second: object) => [
    ...made(0, 1, 'cgt-1', 'a', first),
    ...made(9, 2, 'cgt-2', 'a', second),
  ];
  const both = [...gets(200, 1, 3, 'cgt-1'), ...gets(210, 1, 4, 'cgt-2')];

  test.each(['idempotencyKey', 'clientRequestId'])('an equal %s means one create, followed or not', (key) =>
    expect(find(...keyed({ [key]: 'k' }, { [key]: 'k' }), ...both)).toEqual(['duplicate']),
  );

  test('one task is no duplicate, whichever attempt made it', () => {
    const key = { method: 'POST', path: TASKS, idempotencyKey: 'k' };
    const [sent, body] = posts(0, 1, 1, 'a');
    const cut = [asks(0, 1, 1, key), body ?? sent, answers(1, 1, 1, { status: 503 })];
    expect(find(...cut, ...made(9, 2, 'cgt-1', 'a', key))).toEqual(['pass']);
  });

  test('all tasks of one key are proofs of one duplicate', () => {
    const key = { idempotencyKey: 'k' };
    const fourfold = [1, 2, 3, 4].flatMap((id) => made(id * 10, id, `cgt-${id}`, 'a', key));
    expect(judgeBy(noDuplicateCreates, {}, [...opens(0, 1), ...fourfold]).clients).toMatchObject([
      {
        seen: '4 tasks for one create, known by idempotency key (1 of 1 create made more than one)',
        eventCount: 4,
      },
    ]);
  });

  test('a key on one of two equal creates alone separates nothing', () => {
    const second = gets(200, 1, 3, 'cgt-2');
    expect(find(...keyed({ idempotencyKey: 'k' }, {}), ...second)).toEqual(['duplicate']);
    expect(find(...keyed({}, { idempotencyKey: 'k' }), ...second)).toEqual(['duplicate']);
  });

  test('an equal client request id joins attempts, whatever their bodies', () => {
    const one = { clientRequestId: 'r' };
    expect(find(...made(0, 1, 'cgt-1', 'a', one), ...made(9, 2, 'cgt-2', 'b', one), ...both)).toEqual(['duplicate']);
  });

  test('different keys mean different creates; a fresh one for a task that was never followed may mean the same', () => {
    const different = keyed({ idempotencyKey: 'k' }, { idempotencyKey: 'l' });
    expect(find(...different, ...both)).toEqual(['pass']);
    const second = gets(200, 1, 3, 'cgt-2');
    expect(judgeBy(noDuplicateCreates, {}, [...opens(0, 1), ...different, ...second]).clients).toMatchObject([
      {
        outcome: 'inconclusive',
        seen: 'cgt-1 is not followed, and an equal create came with another key: a second video, or the same again',
      },
    ]);
  });

  test('a different client request id proves nothing', () => {
    const different = keyed({ clientRequestId: 'r' }, { clientRequestId: 's' });
    expect(find(...different, ...both)).toEqual(['pass']);
    expect(find(...different, ...gets(200, 1, 3, 'cgt-2'))).toEqual(['duplicate']);
  });
});

describe('marks', () => {
  const marked = (at: number, request: number, task: string, mark: string, intent: string): readonly Step[] => [
    asks(at, 1, request, { method: 'POST', path: TASKS }),
    [at + 1, { type: 'task.created', task, model: 'm', connection: 1, request, mark, intent }],
    answers(at + 2, 1, request),
  ];

  test('an equal mark means the same video, where no mark is on several followed tasks', () => {
    const twice = [...marked(0, 1, 'cgt-1', 'm1', 'a'), ...marked(100, 2, 'cgt-2', 'm1', 'b')];
    expect(find(...twice, ...gets(200, 1, 3, 'cgt-2'))).toEqual(['duplicate']);
    const vague = [
      ...marked(0, 1, 'cgt-1', 'user', 'a'),
      ...gets(10, 1, 2, 'cgt-1'),
      ...marked(20, 3, 'cgt-2', 'user', 'b'),
    ];
    const more = [
      ...gets(30, 1, 4, 'cgt-2'),
      ...marked(40, 5, 'cgt-3', 'user', 'c'),
      ...marked(50, 6, 'cgt-4', 'user', 'd'),
    ];
    expect(find(...vague, ...more, ...gets(60, 1, 7, 'cgt-4'))).toEqual(['pass']);
  });

  test('a mark that was on one followed task alone still joins', () => {
    const first = [...marked(0, 1, 'cgt-1', 'm1', 'a'), ...gets(10, 1, 2, 'cgt-1')];
    const second = [...marked(100, 3, 'cgt-2', 'm1', 'b'), ...gets(110, 1, 4, 'cgt-2')];
    expect(find(...first, ...second, ...gets(120, 1, 5, 'cgt-1', { status: 503 }))).toEqual(['duplicate']);
  });

  test('a create with a mark is never taken for the task of another client', () => {
    const other = [...opens(0, 3, { userAgent: 'milk/1' }), ...posts(0, 3, 1, 'z', 'cgt-9'), answers(2, 3, 1)];
    const equal = [...marked(10, 1, 'cgt-1', 'm1', 'a'), ...gets(20, 1, 2, 'cgt-9')];
    const again = [...marked(30, 3, 'cgt-2', 'm2', 'a'), ...gets(40, 1, 4, 'cgt-2')];
    expect(find(...other, ...gets(5, 3, 2, 'cgt-9'), ...equal, ...again)[0]).toBe('duplicate');
  });
});

test('another client of the account made an equal one: it may be the same program', () => {
  const by = (at: number, connection: number, task: string): readonly Step[] => [
    ...posts(at, connection, 1, 'a'),
    [at + 1, { type: 'task.created', task, model: 'm', connection, request: 1, account: 'key', intent: 'a' }],
    answers(at + 2, connection, 1),
  ];
  const both = [...by(1, 1, 'cgt-1'), ...opens(50, 3, { userAgent: 'milk/1' }), ...by(100, 3, 'cgt-2')];
  expect(find(...both, ...gets(200, 3, 2, 'cgt-2'))).toEqual(['inconclusive', 'pass']);
  expect(find(...both, ...gets(200, 3, 2, 'cgt-2'), ...gets(210, 1, 2, 'cgt-1'))).toEqual(['pass', 'pass']);
});

test('one that is cancelled afterwards was made all the same', () =>
  expect(find(...lost, ...posts(100, 2, 1, 'a', 'cgt-2'), moves(200, 'cgt-2', 'cancelled', 'queued'))).toEqual([
    'duplicate',
  ]));

test('it tells how many tasks one create made, and of how many creates', () =>
  expect(
    judgeBy(noDuplicateCreates, {}, [
      ...[
        ...opens(0, 1),
        ...opens(0, 2),
        ...opens(0, 3),
        ...lost,
        ...posts(100, 2, 1, 'a', 'cgt-2'),
        resets(105, 2, 1),
      ],
      ...[...posts(300, 3, 1, 'a', 'cgt-3'), answers(305, 3, 1), ...posts(400, 3, 2, 'b', 'cgt-4')],
    ]).clients,
  ).toMatchObject([
    {
      seen: '3 tasks for one create, of which cgt-1 is not followed (1 of 2 creates made more than one)',
      eventCount: 3,
      figures: { creates: 2, tasks: 4 },
    },
  ]));

test('of several creates that made more than one the worst is told', () => {
  const twice = [...posts(0, 1, 1, 'a', 'cgt-1'), resets(5, 1, 1), ...posts(100, 2, 1, 'a', 'cgt-2')];
  const thrice = [3, 4, 5].flatMap((id) => [...posts(id * 100, id, 1, 'b', `cgt-${id}`), resets(id * 100 + 5, id, 1)]);
  const all = [1, 2, 3, 4, 5].flatMap((id) => opens(0, id));
  expect(judgeBy(noDuplicateCreates, {}, [...all, ...twice, ...thrice]).clients).toMatchObject([
    {
      seen: '3 tasks for one create, of which cgt-3 is not followed (2 of 2 creates made more than one)',
      eventCount: 5,
    },
  ]);
});

test('List and a POST elsewhere are no creates', () =>
  expect(
    judgeBy(noDuplicateCreates, {}, [
      ...[...opens(0, 1), ...posts(0, 1, 1, 'a', 'cgt-1'), answers(5, 1, 1)],
      ...[asks(6, 1, 2, { path: TASKS }), asks(7, 1, 3, { method: 'POST', path: '/api/v3/heartbeat' })],
    ]).clients,
  ).toMatchObject([{ outcome: 'pass', seen: '1 task for 1 create' }]));

test('without a task there is nothing to tell', () => {
  expect(find(asks(0, 1, 1, { path: TASKS }), answers(5, 1, 1))).toEqual(['inconclusive']);
  expect(find(...posts(0, 1, 1, 'a'), answers(5, 1, 1, { status: 400 }))).toEqual(['inconclusive']);
});

test('two clients that ask for the same made it once each', () =>
  expect(find(...lost, ...opens(50, 3, { userAgent: 'milk/1' }), ...posts(100, 3, 1, 'a', 'cgt-2'))).toEqual([
    'pass',
    'pass',
  ]));

test('a client that asks for a task of another one may have taken it for its own', () => {
  const other = [
    ...opens(20, 3, { userAgent: 'milk/1' }),
    ...posts(20, 3, 1, 'b', 'cgt-9'),
    answers(22, 3, 1),
    ...gets(25, 3, 2, 'cgt-9'),
  ];
  const again = [...posts(100, 2, 1, 'a', 'cgt-2'), answers(105, 2, 1), ...gets(110, 2, 2, 'cgt-2')];
  const takes = (at: number) => gets(at, 2, at, 'cgt-9');
  const judged = (...steps: readonly Step[]) =>
    judgeBy(noDuplicateCreates, {}, [...opens(0, 1), ...opens(0, 2), ...lost, ...other, ...steps]).clients[0];
  expect(judged(...again)).toMatchObject({ finding: 'duplicate' });
  expect(judged(...takes(90), ...again)).toMatchObject({
    outcome: 'inconclusive',
    seen: 'cgt-1 is not followed, and cgt-9 of another client is in its place: it took that for its own, or it made the same again',
  });
  // It took none by a DELETE, nor before it lost its own.
  const deletes = [asks(90, 2, 9, { method: 'DELETE', path: `${TASKS}/cgt-9` }), answers(91, 2, 9)];
  expect(judged(...deletes, ...again)).toMatchObject({ finding: 'duplicate' });
  const early = gets(30, 2, 30, 'cgt-9');
  const later = [
    ...[...posts(40, 2, 40, 'c', 'cgt-5'), answers(42, 2, 40)],
    ...[...posts(50, 2, 50, 'c', 'cgt-6'), answers(52, 2, 50), ...gets(60, 2, 60, 'cgt-6')],
  ];
  expect(judged(...early, ...gets(35, 2, 35, 'cgt-1'), ...later)).toMatchObject({ finding: 'duplicate' });
  // One task stands for one, and not for two.
  const third = [...posts(120, 2, 3, 'a', 'cgt-3'), answers(125, 2, 3)];
  expect(judged(...takes(90), ...again, ...third, ...posts(130, 2, 4, 'a', 'cgt-4'))).toMatchObject({
    finding: 'duplicate',
  });
});

test('of the tasks of others the latest hundred are remembered', () => {
  const ids = Array.from({ length: 202 }, (_, index) => index + 1);
  const other = [
    ...opens(0, 3, { userAgent: 'milk/1' }),
    ...ids.flatMap((id) => [...posts(0, 3, id, `z${id}`, `cgt-z${id}`), answers(2, 3, id)]),
    ...ids.flatMap((id) => gets(5, 3, 300 + id, `cgt-z${id}`)),
  ];
  const takes = (at: number, ...some: readonly number[]) =>
    some.flatMap((id) => gets(at, 1, 100 + at + id, `cgt-z${id}`));
  const story = (before: readonly number[], after: readonly number[]) => [
    ...[...other, ...takes(10, ...before), ...made(20, 1, 'cgt-1'), ...takes(30, ...after)],
    ...[...made(35, 2, 'cgt-2'), ...gets(40, 1, 3, 'cgt-2')],
  ];
  // A worker that has asked for many others before may still take one for its own.
  expect(find(...story(ids.slice(0, 200), [201]))[0]).toBe('inconclusive');
  // What it had asked for before, it did not take in place of its own.
  expect(find(...story(ids.slice(0, 100), [1, 100]))[0]).toBe('duplicate');
});

describe('the hint', () => {
  /** A create on a used connection that is cut after it was carried out, and what comes then. */
  const hintAfter = (...steps: readonly Step[]) =>
    judgeBy(noDuplicateCreates, {}, [
      ...opens(0, 1),
      asks(1, 1, 1),
      answers(2, 1, 1),
      ...posts(5, 1, 2, 'a', 'cgt-1'),
      resets(10, 1, 2),
      ...opens(11, 2),
      ...steps,
    ]).clients[0]?.hint;
  const again = (at: number, more = {}): readonly Step[] => {
    const [[, first], ...rest] = posts(at, 2, 1, 'a', 'cgt-2');
    return [[at, { ...first, ...more } as typeof first], ...rest];
  };

  test('names the HTTP library where that sent the create again', () => {
    expect(hintAfter(...again(12))).toMatch(/^The HTTP library sent the create again by itself/);
    expect(hintAfter(...again(60))).toMatch(/^The HTTP library/);
  });

  test('says what to do in the client where that created again', () => {
    expect(hintAfter(...again(61))).toMatch(/^Put a mark/);
    expect(hintAfter(...again(12, { clientRequestId: 'r' }))).toMatch(/^Put a mark/);
  });

  test('names the HTTP library also where a key joins the two', () => {
    const key = { idempotencyKey: 'k' };
    const [[at, first], ...rest] = posts(5, 1, 2, 'a', 'cgt-1');
    const hintOf = (again: number) => {
      const [[, second], ...more] = posts(again, 2, 1, 'a', 'cgt-2');
      return judgeBy(noDuplicateCreates, {}, [
        ...opens(0, 1),
        ...[asks(1, 1, 1), answers(2, 1, 1)],
        [at, { ...first, ...key } as typeof first],
        ...rest,
        ...[resets(10, 1, 2), ...opens(11, 2)],
        [again, { ...second, ...key } as typeof second],
        ...more,
      ]).clients[0]?.hint;
    };
    expect(hintOf(12)).toMatch(/^The HTTP library/);
    expect(hintOf(100)).toMatch(/^Put a mark/);
  });
});

test('equal creates that are under way at the same time with different marks may be two videos', () => {
  const wish = (at: number, request: number, task: string, mark: string): readonly Step[] => [
    asks(at, 1, request, { method: 'POST', path: TASKS }),
    [at, { type: 'request.body', connection: 1, request, bytes: 10, digest: mark }],
    [at + 1, { ...creates(at + 1, task, { connection: 1, request, mark })[1], intent: 'a' } as Step[1]],
  ];
  const [first, second] = [wish(0, 1, 'cgt-1', 'm1'), wish(20, 2, 'cgt-2', 'm2')];
  const seen = [answers(30, 1, 2), ...gets(200, 1, 3, 'cgt-2')];
  expect(find(...first, ...second, answers(25, 1, 1), ...seen)).toEqual(['inconclusive']);
  // One that comes after the other has failed may repeat it.
  expect(find(...first, answers(10, 1, 1), ...second, ...seen)).toEqual(['duplicate']);
  const cut: Step = [
    10,
    { type: 'response.abandoned', connection: 1, request: 1, how: 'rst-stream', bytes: 0, by: 'fault' },
  ];
  expect(find(...first, cut, ...second, ...seen)).toEqual(['duplicate']);
  // So does one whose own task is not followed.
  const found = [answers(30, 1, 2), ...gets(200, 1, 3, 'cgt-1')];
  expect(find(...first, cut, ...second, ...found)).toEqual(['duplicate']);
});

test('equal creates that are under way at the same time with one mark, or a mark on one of them, are a hedge', () => {
  const wish = (at: number, request: number, task: string, mark?: string): readonly Step[] => [
    asks(at, 1, request, { method: 'POST', path: TASKS }),
    [at, { type: 'request.body', connection: 1, request, bytes: 10, digest: `${request}` }],
    [
      at + 1,
      {
        ...creates(at + 1, task, { connection: 1, request, ...(mark !== undefined && { mark }) })[1],
        intent: 'a',
      } as Step[1],
    ],
  ];
  const seen = [answers(25, 1, 1), answers(30, 1, 2), ...gets(200, 1, 3, 'cgt-2')];
  const marked = (one?: string, other?: string) =>
    find(...wish(0, 1, 'cgt-1', one), ...wish(20, 2, 'cgt-2', other), ...seen);
  expect(marked('m', 'm')).toEqual(['duplicate']);
  expect(marked('m', undefined)).toEqual(['duplicate']);
  expect(marked(undefined, 'm')).toEqual(['duplicate']);
});

test('a create whose task is not followed is remembered, however many others are followed to their end', () => {
  const others = Array.from({ length: 60 }, (_, n) => [
    ...made(100 + n, 100 + n, `cgt-x${n}`, `x${n}`),
    ...[moves(200 + n, `cgt-x${n}`, 'succeeded'), ...gets(300 + n, 1, 300 + n, `cgt-x${n}`)],
  ]).flat();
  const again = [...made(9_000, 9_000, 'cgt-2'), ...gets(9_010, 1, 9_010, 'cgt-2')];
  expect(find(...made(0, 1, 'cgt-1'), ...others, ...again)).toEqual(['duplicate']);
});
