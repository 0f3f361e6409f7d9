import { describe, expect, test } from 'vitest';
import { judge } from '../judge.ts';
import {
  answers,
  asks,
  brings,
  creates,
  ends,
  findingsOf,
  hurries,
  judgeAfterLoss,
  judgeBy,
  looks,
  merge,
  opens,
  resets,
  type Step,
  TASKS,
  tell,
  triesToCreate,
} from '../testing.ts';
import { recoversWithin } from './recovers-within.ts';

const fails = (atMs: number, request: number, more = {}): Step => answers(atMs, 1, request, { status: 503, ...more });
/** A call that fails after 10 ms and is tried again by the second request. */
const retries = (atMs: number): readonly Step[] => [asks(0, 1, 1), fails(10, 1), asks(atMs, 1, 2)];
const find = (...steps: readonly Step[]) => findingsOf(recoversWithin, {}, [...opens(0, 1), ...steps]);

test('from the failure to the end of the success a minute may pass, and no more', () => {
  expect(find(...retries(100), answers(60_010, 1, 2))).toEqual(['pass']);
  expect(find(...retries(100), answers(60_011, 1, 2))).toEqual(['too late']);
});

test('a call that is cut and not tried again, or only in vain, was given up', () => {
  expect(find(asks(0, 1, 1), resets(10, 1, 1))).toEqual(['gave up']);
  expect(judgeBy(recoversWithin, {}, [...opens(0, 1), ...retries(100), fails(200, 2)]).clients).toMatchObject([
    {
      finding: 'gave up',
      seen: 'gave up GET /tasks/1 after 2 attempts (1 of 1 failure)',
      figures: { failed: 1, recovered: 0 },
    },
  ]);
});

test('a create whose answer was lost got through once its client follows the task', () => {
  const lost = [asks(0, 1, 1, { method: 'POST', path: TASKS }), creates(5, 'cgt-1', { connection: 1, request: 1 })];
  const cut = [...lost, resets(10, 1, 1), ...opens(150, 2)];
  const follows = (status: number) => [
    asks(160, 2, 1, { path: `${TASKS}/cgt-1` }),
    answers(170, 2, 1, { path: `${TASKS}/cgt-1`, status }),
  ];
  expect(find(...cut, ...follows(200))).toEqual(['pass']);
  expect(find(...cut, ...follows(404))).toEqual(['inconclusive']);
  expect(find(...cut)).toEqual(['inconclusive']);
});

describe('a Get of a task that failed, and a List after it', () => {
  const failed = [creates(0, 'cgt-1'), asks(10, 1, 1, { path: `${TASKS}/cgt-1` }), fails(20, 1)];
  const lists = (query: string, more = {}): readonly Step[] => [
    asks(100, 1, 2, { path: `${TASKS}${query}` }),
    answers(110, 1, 2, { path: `${TASKS}${query}`, ...more }),
  ];
  const named = '?filter.task_ids=cgt-0&filter.task_ids=cgt-1';

  test('got through where the List names the task', () => {
    expect(find(...failed, ...lists(named))).toEqual(['pass']);
    expect(find(...failed, ...lists(`/${named}`))).toEqual(['pass']);
    expect(find(...failed, ...lists('?filter.task_ids=cgt-2'))).toEqual(['gave up']);
    expect(find(...failed, ...lists(named, { status: 503 }))).toEqual(['gave up']);
    expect(find(...failed, ...lists(named, { altered: true }))).toEqual(['gave up']);
    expect(find(...lists(named), ...failed.map(([at, entry]): Step => [at + 200, entry]))).toEqual(['gave up']);
  });

  test('may have, or was given up, where the List shows all', () => {
    const judged = judgeBy(recoversWithin, {}, [...opens(0, 1), ...failed, ...lists('?page_size=50')]);
    expect(judged.clients).toMatchObject([
      { outcome: 'inconclusive', doubtful: true, seen: expect.stringContaining('its client looked there, or gave up') },
    ]);
    expect(find([0, { type: 'task.deleted', task: 'cgt-1' }], ...failed.slice(1), ...lists(''))).toEqual(['gave up']);
    expect(find(...failed, ...lists('', { altered: true }))).toEqual(['gave up']);
    expect(find(...lists(''), ...failed.map(([at, entry]): Step => [at + 200, entry]))).toEqual(['gave up']);
  });

  test('what is no List that came is no answer', () => {
    const answered = (method: string, path: string, status = 200): readonly Step[] => [
      asks(100, 1, 2, { method, path }),
      brings(101, 1, 2),
      answers(110, 1, 2, { method, path, status }),
    ];
    expect(find(...failed, ...answered('POST', TASKS))).toEqual(['gave up']);
    expect(find(...failed, ...answered('GET', `${TASKS}/cgt-2`))).toEqual(['gave up']);
    expect(find(...failed, ...answered('GET', TASKS, 404))).toEqual(['gave up']);
  });

  test('a List is no answer to another call that failed', () =>
    expect(find(creates(0, 'cgt-1'), asks(10, 1, 1), fails(20, 1), ...lists(''))).toEqual(['gave up']));
});

test('what was given up has no time, and an event that was lost could have shown its end', () => {
  const cut = [...opens(0, 1), asks(0, 1, 1), resets(10, 1, 1)];
  expect(judgeBy(recoversWithin, {}, cut).clients[0]?.figures).toEqual({ failed: 1, recovered: 0 });
  expect(judgeAfterLoss(recoversWithin, {}, cut)).toBe('inconclusive');
});

test('an answer that asks for no retry ends a call, whatever it says', () =>
  expect(find(...retries(100), answers(200, 1, 2, { status: 404 }))).toEqual(['pass']));

test('one that came late does not hide one that was given up', () => {
  const other = [asks(70_000, 1, 3, { path: '/tasks/2' }), fails(70_010, 3)];
  expect(
    judgeBy(recoversWithin, {}, [...opens(0, 1), ...retries(100), answers(61_010, 1, 2), ...other]).clients,
  ).toMatchObject([
    { finding: 'gave up', seen: expect.stringContaining('/tasks/2'), figures: { recovered: 1, longestMs: 61_000 } },
  ]);
});

test('an attempt that is under way when the run is judged is given up by nobody, but may be late by then', () => {
  const later = (atMs: number) => asks(atMs, 1, 3, { path: '/tasks/2' });
  expect(find(...retries(100), later(60_010))).toEqual(['inconclusive']);
  expect(find(...retries(100), later(60_011))).toEqual(['too late']);
});

test('where one of two attempts at a time succeeds, nothing was waited for', () => {
  const key = { idempotencyKey: 'k' };
  const hedged = [asks(0, 1, 1, key), asks(5, 1, 2, key), answers(8, 1, 2), fails(10, 1)];
  expect(judgeBy(recoversWithin, {}, [...opens(0, 1), ...hedged]).clients).toMatchObject([
    { outcome: 'pass', seen: 'got through after 1 failure, within 0.0 s at most', figures: { longestMs: 0 } },
  ]);
});

test('a create that was cut is better left alone where its task exists, and not where there is none', () => {
  const create = asks(0, 1, 1, { method: 'POST', path: '/tasks' });
  expect(find(create, creates(5, 'cgt-1', { connection: 1, request: 1 }), resets(10, 1, 1))).toEqual(['inconclusive']);
  expect(find(create, resets(10, 1, 1))).toEqual(['gave up']);
  const again = [...opens(100, 2), asks(100, 2, 1, { method: 'POST', path: '/tasks' }), brings(100, 2, 1)];
  const made = creates(5, 'cgt-1', { connection: 1, request: 1 });
  expect(find(create, made, resets(10, 1, 1), ...again, answers(200, 2, 1))).toEqual(['pass']);
});

describe('a connection that is cut before its first request', () => {
  const cut = (atMs: number, connection: number, more = {}): readonly Step[] => [
    ...opens(atMs, connection, more),
    resets(atMs + 10, connection),
  ];
  const findRun = (...steps: readonly Step[]) => findingsOf(recoversWithin, {}, steps);

  test('is an outage, which lasts until the client gets through with something', () => {
    const comesBack = (atMs: number) => [...opens(200, 3), asks(200, 3, 1), answers(atMs, 3, 1)];
    expect(findRun(...cut(0, 1), ...cut(100, 2), ...comesBack(60_010))).toEqual(['pass']);
    expect(findRun(...cut(0, 1), ...cut(100, 2), ...comesBack(60_011))).toEqual(['too late']);
  });

  test('is given up by a client that does not come back, or only to be cut again', () => {
    expect(judgeBy(recoversWithin, {}, [...cut(0, 1), ...cut(100, 2)]).clients).toMatchObject([
      { finding: 'gave up', seen: 'gave up a connection after 2 attempts (1 of 1 failure)', figures: { recovered: 0 } },
    ]);
  });

  test('is one failure with the call that is given up after it', () => {
    const failed = [...opens(200, 2), asks(200, 2, 1), answers(210, 2, 1, { status: 503 })];
    expect(judgeBy(recoversWithin, {}, [...cut(0, 1), ...failed]).clients).toMatchObject([
      { finding: 'gave up', seen: 'gave up GET /tasks/1 after 1 attempt (1 of 1 failure)' },
    ]);
  });

  test('is one failure with that call also where the next connection is cut, too', () => {
    const failed = [...opens(200, 2), asks(200, 2, 1), answers(210, 2, 1, { status: 503 })];
    expect(judgeBy(recoversWithin, {}, [...cut(0, 1), ...failed, ...cut(300, 3)]).clients).toMatchObject([
      { finding: 'gave up', figures: { failed: 1 } },
    ]);
  });

  test('is proven by the first 20 cuts', () => {
    const cuts = Array.from({ length: 21 }, (_, index) => cut(index * 100, index + 1)).flat();
    expect(judgeBy(recoversWithin, {}, cuts).clients).toMatchObject([{ finding: 'gave up', eventCount: 20 }]);
  });

  test('is not given up while a call is under way on a connection from before', () =>
    expect(findRun(...opens(0, 2), asks(0, 2, 1), ...cut(10, 1))).toEqual(['inconclusive']));

  test('is given up, though a connection is open on which a call failed', () => {
    const failed = [...opens(0, 2), asks(0, 2, 1), answers(5, 2, 1, { status: 503 })];
    expect(judgeBy(recoversWithin, {}, [...failed, ...cut(10, 1)]).clients).toMatchObject([
      { finding: 'gave up', figures: { failed: 2 } },
    ]);
  });

  test('may still come to something while the next one is open', () => {
    expect(findRun(...cut(0, 1), ...opens(100, 2))).toEqual(['inconclusive']);
    expect(findRun(...cut(0, 1), ...opens(60_011, 2))).toEqual(['too late']);
  });

  test.each(['idle', 'heartbeat', 'handshake', 'fin'])('by the rule "%s" had been left silent', (cause) =>
    expect(findRun(...opens(0, 1), ends(8_000, 1, { by: 'rule', how: 'reset', cause }))).toEqual(['inconclusive']),
  );

  test('is a spare one, where another is open on which the client got through', () => {
    const served = (atMs: number) => [...opens(0, 2), asks(0, 2, 1), answers(atMs, 2, 1)];
    expect(findRun(...served(5), ...cut(10, 1))).toEqual(['inconclusive']);
    expect(findRun(...served(5), ends(8, 2), ...cut(10, 1))).toEqual(['gave up']);
  });

  test('by its client is none', () => expect(findRun(...opens(0, 1), ends(10, 1))).toEqual(['inconclusive']));

  test('that said nothing of who it is may be any one of several clients', () => {
    const nameless = (atMs: number): readonly Step[] => [
      [atMs, { type: 'connection.opened', connection: 1, remote: '127.0.0.1:40001' }],
      resets(atMs, 1),
    ];
    const served = (connection: number, userAgent: string) => [
      ...opens(100, connection, { userAgent }),
      asks(100, connection, 1),
      answers(110, connection, 1),
    ];
    expect(findRun(...nameless(0))).toEqual(['gave up']);
    expect(findRun(...nameless(0), ...served(2, 'tea/1'))).toEqual(['pass']);
    expect(findRun(...nameless(0), ...served(2, 'tea/1'), ...served(3, 'milk/1'))).not.toContain('gave up');
  });
});

test('without a failure there is nothing to recover from', () =>
  expect(find(asks(0, 1, 1), answers(10, 1, 1, { status: 400 }))).toEqual(['inconclusive']));

test("the bound is the client's time: a minute of a lane 20 times as fast is 3 s", () => {
  expect(find(hurries(0, 20), ...retries(100), answers(1_100_000, 1, 2))).toEqual(['pass']);
  expect(find(hurries(0, 20), ...retries(100), answers(1_300_000, 1, 2))).toEqual(['too late']);
});

test('two clients are judged apart: the success of one is not that of the other', () => {
  const milk = [...opens(20, 2, { userAgent: 'milk/1' }), asks(20, 2, 1), answers(30, 2, 1)];
  expect(find(asks(0, 1, 1), fails(10, 1), ...milk)).toEqual(['gave up', 'inconclusive']);
});

describe('a call that its client gives up', () => {
  const cancels = (at: number): Step => [at, { type: 'stream.reset', connection: 1, request: 1, stream: 1, code: 8 }];
  const strikes = (at: number, where: object): Step => [
    at,
    { type: 'fault.injected', fault: 'f', hook: 'request', ordinal: 1, did: 'hang', connection: 1, ...where },
  ];
  const asked = [...opens(0, 1), asks(1, 1, 1)];
  const findRun = (...steps: readonly Step[]) => findingsOf(recoversWithin, {}, [...asked, ...steps]);

  test('has not failed while nothing is wrong', () => {
    expect(findRun(cancels(10))).toEqual(['inconclusive']);
    expect(findRun(ends(10, 1, { requests: [{ request: 1, method: 'GET', path: '/tasks/1' }] }))).toEqual([
      'inconclusive',
    ]);
  });

  test('has failed where a fault withheld its answer, on the call or on the connection', () => {
    const goesOn = [asks(20, 1, 2, { path: '/tasks/2' }), answers(21, 1, 2)];
    expect(findRun(strikes(5, { request: 1 }), cancels(10), ...goesOn)).toEqual(['gave up']);
    expect(findRun(strikes(5, {}), cancels(10), ...goesOn)).toEqual(['gave up']);
    expect(findRun(strikes(5, { request: 2 }), cancels(10), ...goesOn)).toEqual(['inconclusive']);
  });

  test('has its answer where that went out whole before, unless a fault may have held it in the line', () => {
    const goesOn = [asks(20, 1, 2, { path: '/tasks/2' }), answers(21, 1, 2)];
    expect(findRun(strikes(5, { request: 1 }), answers(6, 1, 1), cancels(10), ...goesOn)).toEqual(['inconclusive']);
    expect(findRun(strikes(5, {}), answers(6, 1, 1), cancels(10), ...goesOn)).toEqual(['gave up']);
  });

  test('may have been its last, where it asks for nothing since: two readings', () =>
    expect(judgeBy(recoversWithin, {}, [...asked, strikes(5, { request: 1 }), cancels(10)]).clients).toMatchObject([
      { outcome: 'inconclusive', seen: expect.stringMatching(/^left GET \/tasks\/1 unanswered while a fault/) },
    ]));

  test('as its last, after another that it gave up for sure, hides nothing', () => {
    const other = [...opens(0, 2), asks(0, 2, 1, { path: '/tasks/2' }), answers(1, 2, 1, { status: 503 })];
    expect(find(...other, asks(2, 1, 1), strikes(5, { request: 1 }), cancels(10))).toEqual(['gave up']);
  });

  test('has come through where it is a create, and another create was answered since', () => {
    const create = { method: 'POST', path: TASKS };
    const left = [asks(1, 1, 1, create), brings(1, 1, 1, 'a'), strikes(5, { request: 1 }), cancels(10)];
    const other = [asks(20, 1, 2, create), brings(20, 1, 2, 'b'), answers(21, 1, 2)];
    expect(find(...left, ...other)).toEqual(['pass']);
  });

  test('has failed where a fault withheld its answer for good', () => {
    const hangs: Step = [
      6,
      { type: 'response.abandoned', connection: 1, request: 1, by: 'fault', how: 'hang', bytes: 0 },
    ];
    expect(findRun(strikes(5, { request: 1 }), hangs, cancels(10))).toEqual(['gave up']);
  });

  test('has come through where it asked again before it let go', () => {
    const again = [...opens(6, 2), asks(6, 2, 1), answers(7, 2, 1)];
    expect(findRun(strikes(5, { request: 1 }), ...again, cancels(10))).toEqual(['pass']);
  });

  test('has succeeded where its answer had been sent whole', () => {
    const refused = answers(5, 1, 1, { status: 503 });
    const again = [asks(100, 1, 2), answers(110, 1, 2)];
    const reset: Step = [111, { type: 'stream.reset', connection: 1, request: 2, stream: 3, code: 8 }];
    expect(findRun(refused, ...again, reset)).toEqual(['pass']);
  });
});

test('a client whose PINGs kept its connection passes although nothing failed; without them nothing is known', () => {
  const loaded: Step = [0, { type: 'scenario.loaded', name: 's', seed: 1, faults: 0, idleAfterMs: 8_000 }];
  const ping = (at: number): Step => [
    at,
    { type: 'heartbeat', connection: 1, source: 'ping', ageMs: 0, judgedBy: 'arrival' },
  ];
  const waits = (...pings: readonly number[]) =>
    findingsOf(recoversWithin, {}, [
      ...[loaded, ...opens(0, 1), asks(1, 1, 1), ...pings.map(ping)],
      answers(30_000, 1, 1),
    ]);
  expect(waits(5_000, 10_000, 15_000)).toEqual(['pass']);
  expect(waits(5_000, 7_000)).toEqual(['inconclusive']);
  const failed = [asks(1, 1, 1), ...[5_000, 10_000, 15_000].map(ping), answers(30_000, 1, 1, { status: 503 })];
  expect(findingsOf(recoversWithin, {}, [loaded, ...opens(0, 1), ...failed])).toEqual(['gave up']);
  const again = [asks(30_100, 1, 2), answers(30_110, 1, 2)];
  expect(judgeBy(recoversWithin, {}, [loaded, ...opens(0, 1), ...failed, ...again]).clients).toMatchObject([
    { outcome: 'pass', seen: 'got through after 1 failure, within 0.1 s at most' },
  ]);
});

describe('a connection that a fault does not serve, and that its client leaves', () => {
  const isFrozen = (atMs: number, connection: number, forMs = 60_000): Step => [
    atMs,
    { type: 'connection.frozen', connection, forMs, by: 'fault', cause: 'f' },
  ];
  const hangs = (atMs: number, connection: number): Step => [
    atMs,
    { type: 'connection.hung', connection, by: 'fault', cause: 'f' },
  ];
  const queues = (atMs: number, connection: number): Step => [
    atMs,
    { type: 'connection.queued', connection, place: 1, by: 'fault', cause: 'f' },
  ];
  const findRun = (...steps: readonly Step[]) => findingsOf(recoversWithin, {}, steps);
  const served = [...opens(900, 2), asks(910, 2, 1), answers(920, 2, 1)];

  test.each([
    ['frozen', isFrozen],
    ['hung', hangs],
    ['queued', queues],
  ])('%s: it was given up where nothing follows, and got through where something does', (_what, silence) => {
    const left = [...opens(0, 1), silence(0, 1), ends(500, 1)];
    expect(findRun(...left)).toEqual(['gave up']);
    expect(findRun(...left, ...served)).toEqual(['pass']);
  });

  test('one that passes again, or was served after all, has not failed', () => {
    expect(findRun(...opens(0, 1), isFrozen(0, 1, 400), ends(400, 1))).toEqual(['inconclusive']);
    const released: Step = [300, { type: 'connection.released', connection: 1, waitedMs: 300 }];
    expect(findRun(...opens(0, 1), queues(0, 1), released, ends(500, 1))).toEqual(['inconclusive']);
  });

  test('is a spare one where another serves its client', () =>
    expect(findRun(...served, ...opens(930, 1), hangs(930, 1), ends(1_500, 1))).toEqual(['inconclusive']));

  test('takes the calls along that were open on it, and those whose answer is still in the line', () => {
    const leaves = ends(5_000, 1, { requests: [{ request: 1, method: 'GET', path: '/tasks/1' }] });
    expect(findRun(...opens(0, 1), asks(1, 1, 1), isFrozen(5, 1), leaves)).toEqual(['gave up']);
    expect(findRun(...opens(0, 1), asks(1, 1, 1), isFrozen(5, 1), answers(10, 1, 1), ends(5_000, 1))).toEqual([
      'gave up',
    ]);
    expect(findRun(...opens(0, 1), asks(1, 1, 1), answers(4, 1, 1), isFrozen(5, 1), ends(5_000, 1))).toEqual([
      'inconclusive',
    ]);
  });
});

describe('an answer that a fault took', () => {
  const fine = (atMs: number, request: number) => [asks(atMs, 1, request), answers(atMs + 10, 1, request)];

  test('unreadable: asked for again it came through, and else it was given up', () => {
    const unreadable = [asks(0, 1, 1), answers(10, 1, 1, { altered: true, unreadable: true })];
    expect(find(...unreadable, ...fine(100, 2))).toEqual(['pass']);
    expect(find(...unreadable)).toEqual(['gave up']);
  });

  test('altered, and perhaps readable all the same: nothing is known to have failed', () => {
    const altered = [asks(0, 1, 1), answers(10, 1, 1, { altered: true })];
    expect(find(...altered)).toEqual(['inconclusive']);
  });

  test.each(['HEADERS', 'DATA'])('a frame of it was dropped: %s', (frame) => {
    const drops = (direction: 'to-client' | 'from-client', did: string): Step => [
      11,
      { type: 'frame.tampered', connection: 1, stream: 1, cause: 'f', direction, frame, did },
    ];
    const asked = [asks(0, 1, 1, { stream: 1 }), answers(10, 1, 1)];
    expect(find(...asked, drops('to-client', 'drop'))).toEqual(['gave up']);
    expect(find(...asked, drops('to-client', 'drop'), ...fine(10_000, 2))).toEqual(['pass']);
    expect(find(...asked, drops('to-client', 'delay'))).toEqual(['inconclusive']);
    expect(find(...asked, drops('from-client', 'drop'))).toEqual(['inconclusive']);
  });

  test('no window was given for the rest of a body: its client had no choice', () => {
    const create = { method: 'POST', path: '/tasks', stream: 1 };
    const strikes: Step = [
      0,
      { type: 'fault.injected', fault: 'f', hook: 'session', ordinal: 1, did: 'stall', connection: 1 },
    ];
    const stalls: Step = [
      5,
      {
        ...{ type: 'frame.tampered', connection: 1, stream: 0, cause: 'f', direction: 'to-client' },
        ...{ frame: 'WINDOW_UPDATE', did: 'drop' },
      } as const,
    ];
    const read: Step = [6, { type: 'request.body', connection: 1, request: 1, bytes: 9, digest: 'd' }];
    const cancels: Step = [500, { type: 'stream.reset', connection: 1, request: 1, stream: 1, code: 8 }];
    expect(find(strikes, asks(1, 1, 1, create), stalls, cancels)).toEqual(['gave up']);
    expect(find(strikes, asks(1, 1, 1, create), stalls, read, cancels)).toEqual(['inconclusive']);
  });
});

describe('what says the same', () => {
  const lost = (method: string, path: string) => [asks(0, 1, 1, { method, path }), resets(10, 1, 1), ...opens(150, 2)];
  const later = (method: string, path: string) => [asks(150, 2, 1, { method, path }), answers(160, 2, 1)];

  test('a Get shows what became of a DELETE whose answer was lost', () => {
    const task = `${TASKS}/cgt-1`;
    expect(find(...lost('DELETE', task), ...later('GET', task))).toEqual(['pass']);
    expect(find(...lost('DELETE', task), ...later('GET', `${TASKS}/cgt-2`))).toEqual(['gave up']);
  });

  test('one heartbeat is as good as another', () =>
    expect(
      find(
        ...[asks(0, 1, 1, { method: 'POST', path: '/heartbeat' }), brings(1, 1, 1, 'then'), resets(10, 1, 1)],
        ...[...opens(150, 2), asks(150, 2, 1, { method: 'POST', path: '/heartbeat' }), brings(151, 2, 1, 'now')],
        answers(160, 2, 1),
      ),
    ).toEqual(['pass']));

  test('the answer to a hedge, though the other attempt is cut later', () =>
    expect(
      find(asks(0, 1, 1), ...opens(5, 2), asks(5, 2, 1), answers(8, 2, 1), resets(10, 1, 1), ...opens(20, 3)),
    ).toEqual(['pass']));

  test('another client goes on with the task: it may be the same program', () => {
    const made = creates(0, 'cgt-1');
    const path = `${TASKS}/cgt-1`;
    const cut = [made, asks(0, 1, 1, { path }), resets(10, 1, 1)];
    const other = [...opens(150, 2, { userAgent: 'other/1' }), asks(150, 2, 1, { path }), answers(160, 2, 1)];
    const both = judgeBy(recoversWithin, {}, [...opens(0, 1), ...cut, ...other]).clients;
    expect(both).toMatchObject([
      { outcome: 'inconclusive', seen: expect.stringContaining('did not come again, but another client asked') },
      { outcome: 'inconclusive' },
    ]);
    expect(find(...cut)).toEqual(['gave up']);
    const failed = [...opens(0, 3), asks(0, 3, 1, { path: '/tasks/2' }), answers(1, 3, 1, { status: 503 })];
    expect(find(...failed, ...cut, ...other)[0]).toBe('gave up');
  });

  test('a lost DELETE is not made good by another client that asks for the task, nor a Get by one of no task', () => {
    const path = `${TASKS}/cgt-1`;
    const other = [...opens(150, 3, { userAgent: 'other/1' }), asks(150, 3, 1, { path }), answers(160, 3, 1)];
    expect(find(creates(0, 'cgt-1'), ...lost('DELETE', path), ...other)[0]).toBe('gave up');
    expect(find(...lost('GET', path), ...other)[0]).toBe('gave up');
  });

  test('a create that was lost is not made good by another one', () => {
    const create = { method: 'POST', path: TASKS };
    const cut = [asks(0, 1, 1, create), brings(0, 1, 1, 'a'), resets(10, 1, 1), ...opens(150, 2)];
    expect(find(...cut, asks(150, 2, 1, create), brings(150, 2, 1, 'b'), answers(160, 2, 1))).toEqual(['gave up']);
  });
});

test('a connection that was never served is no outage once another one has served', () => {
  const frozen: Step = [1, { type: 'connection.frozen', connection: 1, forMs: 60_000, by: 'fault' }];
  const other = [...opens(100, 2), asks(100, 2, 1), answers(110, 2, 1), ends(120, 2)];
  const [left] = [ends(130, 1)];
  expect(find(frozen, left)).toEqual(['gave up']);
  expect(find(frozen, ...other, left)).not.toContain('gave up');
});

test('a connection from before the run may have served until it was cut: it is no outage', () => {
  const frozen: Step = [1, { type: 'connection.frozen', connection: 1, forMs: 60_000, by: 'fault' }];
  expect(findingsOf(recoversWithin, {}, [resets(10, 1)])).toEqual(['inconclusive']);
  expect(findingsOf(recoversWithin, {}, [frozen, ends(10, 1)])).toEqual(['inconclusive']);
});

describe('while clients are at work', () => {
  const running = (...steps: readonly Step[]) => judgeBy(recoversWithin, {}, steps, { running: true }).clients;
  const now = (atMs: number): Step => [atMs, { type: 'listener.opened' }];
  const refused = [...opens(0, 1), asks(0, 1, 1), fails(10, 1)];
  const gaveUp = { finding: 'gave up', provisional: true };

  test('a client between two attempts has given up once the time is over', () => {
    expect(running(...refused, now(60_010))).toMatchObject([{ outcome: 'inconclusive' }]);
    expect(running(...refused, now(60_011))).toMatchObject([gaveUp]);
    const [found] = judgeBy(recoversWithin, {}, [...refused, now(1_000)]).clients;
    expect(found).toMatchObject({ finding: 'gave up' });
    expect(found?.provisional).toBeUndefined();
  });

  test('a client whose connection was cut before its first request may open another in time', () => {
    const cut = [...opens(0, 1), resets(10, 1)];
    expect(running(...cut, now(60_010))).toMatchObject([{ outcome: 'inconclusive' }]);
    expect(running(...cut, now(60_011))).toMatchObject([gaveUp]);
  });

  test('a command that has ended tries nothing again', () => {
    const ended: Step = [500, { type: 'command.ended', copy: 'copy-1', how: 'exit', code: 1 }];
    const [found] = running(...refused, ended);
    expect(found?.finding).toBe('gave up');
  });
});

describe('a create that failed, and one like it but for seed or mark', () => {
  const refused = triesToCreate(0, 1);
  const [made, followed] = [triesToCreate(500, 2, { status: 200 }), looks(1_000, '/cgt-2')];

  test('may be an attempt at it, or another video', () => {
    expect(judgeBy(recoversWithin, {}, [...opens(0, 1), ...refused, ...made, ...followed]).clients).toMatchObject([
      { outcome: 'inconclusive', doubtful: true, seen: expect.stringMatching(/another attempt, or another video$/) },
    ]);
  });

  test('is no attempt at it where it wants something else, or was on its way before', () => {
    const other = triesToCreate(500, 2, { status: 200, intent: 'a harbour' });
    expect(find(...refused, ...other, ...followed)).toEqual(['gave up']);
    const parallel = triesToCreate(3, 2, { status: 200 });
    expect(find(...merge(refused, parallel), ...followed)).toEqual(['gave up']);
  });

  test('counts once: of two that failed one was given up', () => {
    const both = merge(refused, triesToCreate(2, 2));
    expect(find(...both, ...triesToCreate(500, 3, { status: 200 }), ...looks(1_000, '/cgt-3'))).toEqual(['gave up']);
  });

  test('does not matter where the same body comes again and succeeds', () => {
    const again = triesToCreate(700, 3, { status: 200, body: 'seed 1' });
    expect(find(...refused, ...made, ...again, ...followed, ...looks(1_100, '/cgt-3'))).toEqual(['pass']);
  });

  test('are all given up where the last of them fails, too', () =>
    expect(find(...refused, ...triesToCreate(500, 2), ...triesToCreate(1_000, 3))).toEqual(['gave up']));

  test('says nothing once it comes too late to be one', () => {
    const late = triesToCreate(120_100, 2, { status: 200 });
    expect(find(...refused, ...late, ...looks(121_000, '/cgt-2'))).toEqual(['gave up']);
  });
});

test.each([0, 1])('of the places that were served the latest are remembered, seen %i times before', (before) => {
  const gets = (at: number, path: string) => [asks(at, 1, at, { path }), answers(at, 1, at)];
  const task = `${TASKS}/cgt-1`;
  const many = Array.from({ length: 10_000 - before }, (_, n) => gets(n + 1, `/tasks/${n}`)).flat();
  const lost = [asks(20_000, 2, 1, { method: 'DELETE', path: task }), resets(20_001, 2, 1)];
  const found = [...gets(20_100, task), ...gets(20_101, '/tasks/last')];
  const seen = Array.from({ length: before }, () => gets(0, task)).flat();
  const steps = [...opens(0, 1), ...opens(0, 2), ...seen, ...many, ...lost, ...found];
  const expected = [recoversWithin.bind(recoversWithin.params.parse({}))];
  const { report } = judge(tell(steps, steps.length + 1), { scenario: 'story', seed: 1, expect: expected });
  expect(report.outcome).toBe('pass');
});
