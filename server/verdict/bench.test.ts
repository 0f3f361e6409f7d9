import { expect, test } from 'vitest';
import { Journal } from '../journal.ts';
import { randomSequence } from '../random.ts';
import type { Case } from './bench.ts';
import { backoff } from './checks/backoff.ts';
import { recoversWithin } from './checks/recovers-within.ts';
import { retryAfterRespected } from './checks/retry-after-respected.ts';
import { Judge, judge } from './judge.ts';
import { checks } from './table.ts';
import {
  answers,
  asks,
  brings,
  creates,
  ends,
  judgeBy,
  moves,
  opens,
  resets,
  type Step,
  TASKS,
  tell,
} from './testing.ts';
import type { VerdictReport } from './verdict.ts';

const everything: Case = {
  scenario: 'story',
  seed: 1,
  expect: checks.map((check) => check.bind(check.params.parse({}))),
};

/** What is judged of a story while a journal of this capacity drops its beginning.
 * @param lookEvery how often somebody asks for the verdict on the way, in events */
function follow(steps: readonly Step[], capacity: number, lookEvery = Number.POSITIVE_INFINITY): VerdictReport {
  let now = 0;
  const journal = new Journal(() => now, capacity);
  const following = new Judge(journal, () => everything);
  journal.append({ type: 'scenario.loaded', name: 'story', seed: 1, faults: 0 });
  for (const [index, [atMs, entry]] of steps.entries()) {
    now = atMs;
    journal.append({ ...entry });
    if (index % lookEvery === lookEvery - 1) following.verdict({});
  }
  return following.verdict({}).report;
}

/** A client that makes tasks and polls them over connections that are cut at times, and does not always wait. */
function randomStory(seed: number): readonly Step[] {
  const random = randomSequence(seed, 'story');
  const pick = (most: number) => Math.floor(random() * most);
  const steps: Step[] = [];
  let at = 0;
  for (let connection = 1; connection <= 12; connection++) {
    const userAgent = `tea/${pick(2)}`;
    steps.push(...opens(at, connection, { userAgent }));
    const open: number[] = [];
    for (let request = 1; request <= 1 + pick(8); request++) {
      at += pick(400);
      const task = `cgt-${pick(4)}`;
      const isCreate = pick(4) === 0;
      const made = { connection, request };
      if (isCreate) {
        steps.push(asks(at, connection, request, { method: 'POST', path: TASKS }));
        steps.push([at, { type: 'request.body', ...made, bytes: 1, digest: `body ${pick(3)}` }]);
        steps.push(creates(at, `cgt-${connection}-${request}`, made));
        if (pick(2) === 0) steps.push(moves(at, `cgt-${connection}-${request}`, 'succeeded'));
      } else steps.push(asks(at, connection, request, { path: `${TASKS}/${task}` }));
      if (pick(4) === 0) open.push(request);
      else steps.push(answers(at + pick(20), connection, request, { status: pick(5) === 0 ? 503 : 200 }));
    }
    at += pick(3_000);
    steps.push(pick(2) === 0 ? resets(at, connection, ...open) : ends(at, connection));
  }
  return steps;
}

test('what the journal drops has been read: the verdict is that on the whole', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const steps = randomStory(seed);
    const whole = judge(tell(steps), everything).report;
    expect(follow(steps, 20), `story ${seed}`).toEqual(whole);
  }
});

test('it does not matter how often somebody asks', () => {
  for (let seed = 1; seed <= 50; seed++)
    expect(follow(randomStory(seed), 1_000, seed <= 5 ? 1 : 9), `story ${seed}`).toEqual(
      follow(randomStory(seed), 1_000),
    );
});

test('a failure that was proven stays one, with its events, through an hour of polls', () => {
  const hasty = [...opens(0, 1), asks(0, 1, 1), resets(10, 1, 1), ...opens(11, 2), asks(12, 2, 1), answers(13, 2, 1)];
  const polls = Array.from({ length: 3_600 }, (_, index) => [
    asks(2_000 + index * 1_000, 2, index + 2),
    answers(2_001 + index * 1_000, 2, index + 2),
  ]).flat();
  const { missed, checks: results } = follow([...hasty, ...polls], 100);
  expect(missed).toBe(0);
  const { clients } = results.find(({ check }) => check === 'backoff') ?? {};
  expect(clients).toMatchObject([{ outcome: 'fail', finding: 'too fast', events: [7, 12] }]);
});

/** A connection that is cut as soon as it is accepted. */
const cutAtAccept = (at: number, connection: number): readonly Step[] => [
  ...opens(at, connection).slice(0, 1),
  resets(at, connection),
];
const named = (at: number, connection: number, userAgent: string): readonly Step[] => [
  ...opens(at, connection, { userAgent }),
  asks(at, connection, 1, { path: `/tasks/${connection}` }),
  answers(at + 1, connection, 1),
];

test('a connection that is cut before its client is known belongs to the only one that it can be', () => {
  const steps = [...cutAtAccept(0, 1), ...cutAtAccept(150, 2), ...named(400, 3, 'tea/1')];
  expect(judgeBy(backoff, {}, steps).clients).toMatchObject([{ outcome: 'pass', figures: { waits: 2 } }]);
  const { clients, unnamed } = judge(tell([...steps, ...cutAtAccept(500, 4)]), everything).report;
  expect(clients).toMatchObject([{ userAgent: 'tea/1', connections: 4, resets: 3 }]);
  expect(unnamed).toBeUndefined();
});

test('a client with two libraries is one: its connections belong to no unknown client', () => {
  const by = 'header x-client-id';
  const of = (at: number, connection: number, ja4: string, userAgent: string): readonly Step[] => [
    ...opens(at, connection, { ja4, userAgent, by }).map(
      ([ms, entry]): Step => [ms, entry.type === 'connection.identified' ? { ...entry, client: 'web' } : entry],
    ),
    asks(at, connection, 1, { client: 'web' }),
    answers(at + 1, connection, 1),
  ];
  const [go, python] = ['t13d1_go_a', 't13d1_python_a'];
  const lost = [...opens(3, 3, { ja4: go }).slice(0, 3), resets(4, 3)];
  const steps = [...of(0, 1, python, 'python/1'), ...lost, ...of(5, 4, go, 'go/1'), ...of(6, 5, go, 'go/1')];
  const { clients, unnamed } = judge(tell([...steps, ends(7, 4), ...cutAtAccept(8, 6)]), everything).report;
  expect(clients.map(({ name, connections }) => [name, connections])).toEqual([['web', 4]]);
  expect(unnamed).toBe(1);
});

test('of several clients it is counted, and none is judged by it', () => {
  const fleet = [1, 2, 3].flatMap((connection) => named(connection, connection, `tea/${connection}`));
  const cuts = [10, 11, 12, 13].flatMap((connection) => cutAtAccept(connection, connection));
  const report = judge(tell([...fleet, ...cuts]), everything).report;
  expect(report.clients.map(({ connections, resets: cut }) => [connections, cut])).toEqual([
    [1, 0],
    [1, 0],
    [1, 0],
  ]);
  expect(report.unnamed).toBe(4);
  expect(judgeBy(recoversWithin, {}, [...fleet, ...cuts]).clients.map(({ outcome }) => outcome)).toEqual(
    Array(3).fill('inconclusive'),
  );
});

test('it is the only one no more once another comes: what rested on that is taken back', () => {
  const steps = [...named(0, 1, 'tea/1'), ends(2, 1), ...cutAtAccept(10, 2), ...cutAtAccept(11, 3)];
  expect(judgeBy(backoff, {}, steps).clients).toMatchObject([{ outcome: 'fail', finding: 'too fast' }]);
  const report = judge(tell([...steps, ...named(20, 4, 'milk/1')]), everything).report;
  expect(report.clients.map(({ connections }) => connections)).toEqual([1, 1]);
  expect(report.unnamed).toBe(2);
  expect(judgeBy(backoff, {}, [...steps, ...named(20, 4, 'milk/1')]).clients).toMatchObject([
    { outcome: 'inconclusive' },
    { outcome: 'inconclusive' },
  ]);
});

test('what may be one pool or several programs is blamed only for what each connection did by itself', () => {
  const poll = (at: number, connection: number, request: number): Step =>
    asks(at, connection, request, { path: `${TASKS}/cgt-1` });
  const answer = (at: number, connection: number, request: number) => answers(at, connection, request);
  const byTurns = (more = {}): readonly Step[] => [
    ...[...opens(0, 1, more), ...opens(0, 2, more)],
    ...[poll(0, 1, 1), answer(1, 1, 1), poll(500, 2, 1), answer(501, 2, 1)],
    ...[poll(1_000, 1, 2), answer(1_001, 1, 2), poll(1_500, 2, 2), answer(1_501, 2, 2)],
  ];
  const pollInterval = checks.find(({ name }) => name === 'poll-interval');
  if (!pollInterval) throw new Error('there is no such check');
  const [result] = judgeBy(pollInterval, {}, byTurns()).clients;
  expect(result).toMatchObject({
    outcome: 'inconclusive',
    seen: expect.stringMatching(/^as one client it .*per connection/),
  });
  expect(judgeBy(pollInterval, {}, byTurns({ by: 'header x-client-id' })).clients).toMatchObject([
    { outcome: 'fail', finding: 'too often' },
  ]);
  const tooOften = [...byTurns(), poll(1_600, 1, 3), answer(1_601, 1, 3)];
  expect(judgeBy(pollInterval, {}, tooOften).clients).toMatchObject([{ outcome: 'fail', finding: 'too often' }]);
});

test('two connections that take turns are one pool or two programs, also where a pool may have one', () => {
  const ask = (at: number, connection: number, request: number): readonly Step[] => [
    asks(at, connection, request),
    answers(at + 1, connection, request),
  ];
  const steps = [...opens(0, 1), ...ask(1, 1, 1), ...opens(5, 2), ...ask(6, 2, 1), ...ask(8, 1, 2), ...ask(10, 2, 2)];
  const poolSize = checks.find(({ name }) => name === 'pool-size');
  if (!poolSize) throw new Error('there is no such check');
  expect(judgeBy(poolSize, { h2: 1 }, steps)).toMatchObject({ outcome: 'inconclusive' });
});

test('a connection to the storage is no connection to the service', () => {
  const [[at, opened], ...rest] = opens(0, 9) as [Step, ...Step[]];
  const stored: readonly Step[] = [[at, { ...opened, storage: true } as Step[1]], ...rest];
  const download = [asks(1, 9, 1, { path: '/results/cgt-1.mp4' }), answers(2, 9, 1), ends(3, 9)];
  const polls = [1, 2, 3, 4, 5, 6].flatMap((request) => [
    asks(request * 1_000, 1, request),
    answers(request * 1_000 + 1, 1, request),
  ]);
  const report = judge(tell([...opens(0, 1), ...stored, ...download, ...polls]), everything).report;
  const figuresOf = (check: string) => report.checks.find((result) => result.check === check)?.clients[0]?.figures;
  expect(figuresOf('connection-reuse')).toMatchObject({ requests: 6, connections: 1 });
  expect(figuresOf('pool-size')).toEqual({ 'h2 to localhost': 1 });
  expect(figuresOf('success-rate')).toMatchObject({ calls: 7 });
});

test("a request that names another client on the same connection is the other one's", () => {
  const of = (client: string) => ({ client, path: `${TASKS}/${client}` });
  const steps = [
    ...opens(0, 1, { userAgent: 'proxy/1' }),
    ...[asks(1, 1, 1), answers(2, 1, 1)],
    ...[
      asks(3, 1, 2, of('replica-2')),
      answers(4, 1, 2, { status: 503 }),
      asks(5, 1, 3, of('replica-3')),
      answers(6, 1, 3),
    ],
  ];
  const { clients } = judge(tell(steps), everything).report;
  expect(clients.map(({ name, requests, connections }) => [name.split(' ')[0], requests, connections])).toEqual([
    ['proxy/1', 1, 1],
    ['replica-2', 1, 0],
    ['replica-3', 1, 0],
  ]);
  expect(judgeBy(recoversWithin, {}, steps).clients.map(({ outcome }) => outcome)).toEqual([
    'inconclusive',
    'fail',
    'inconclusive',
  ]);
});

test('a refusal that goes out before the body of a create has come says nothing of the next create', () => {
  const refused = (at: number, request: number, digest: string): readonly Step[] => [
    asks(at, 1, request, { method: 'POST', path: TASKS }),
    answers(at + 1, 1, request, { method: 'POST', path: TASKS, status: 429, retryAfterMs: 2_000 }),
    brings(at + 2, 1, request, digest),
  ];
  const others = [...opens(0, 1), ...refused(1, 1, 'a'), ...refused(4, 2, 'b')];
  expect(judge(tell(others), everything).report.clients).toMatchObject([{ requests: 2, calls: 2 }]);
  expect(judgeBy(retryAfterRespected, {}, others).clients).toMatchObject([{ figures: { retries: 0 } }]);
  const again = [...opens(0, 1), ...refused(1, 1, 'a'), ...refused(4, 2, 'a')];
  expect(judge(tell(again), everything).report.clients).toMatchObject([{ requests: 2, calls: 1 }]);
  expect(judgeBy(retryAfterRespected, {}, again).clients).toMatchObject([
    { finding: 'too early', figures: { retries: 1 } },
  ]);
});

test('what may be read in two ways does not pass because another client does', () => {
  const wish = (at: number, connection: number, task: string): readonly Step[] => [
    asks(at, connection, 1, { method: 'POST', path: TASKS }),
    [at, { type: 'task.created', task, model: 'm', connection, request: 1, account: 'key', intent: 'a' }],
    answers(at + 1, connection, 1),
  ];
  const steps = [
    ...[...opens(0, 1), ...wish(1, 1, 'cgt-1'), ends(2, 1)],
    ...[...opens(10, 2, { userAgent: 'milk/1' }), ...wish(11, 2, 'cgt-2')],
    ...[asks(20, 2, 2, { path: `${TASKS}/cgt-2` }), answers(21, 2, 2)],
  ];
  const { checks: results } = judge(tell(steps), everything).report;
  expect(results.find(({ check }) => check === 'no-duplicate-creates')).toMatchObject({
    outcome: 'inconclusive',
    clients: [{ outcome: 'inconclusive' }, { outcome: 'pass' }],
  });
});
