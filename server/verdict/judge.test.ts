import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Journal } from '../journal.ts';
import { type Check, defineCheck, inconclusive } from './check.ts';
import { backoff } from './checks/backoff.ts';
import { connectionReuse } from './checks/connection-reuse.ts';
import { heartbeatInterval } from './checks/heartbeat-interval.ts';
import { Judge, judge } from './judge.ts';
import { answers, asks, judgeBy, opens, resets, type Step, tell } from './testing.ts';

/** Six requests on one connection, as a good client sends them. */
const reusing = (connection = 1, more = {}): readonly Step[] => [
  ...opens(0, connection, more),
  ...[1, 2, 3, 4, 5, 6].flatMap((request) => [
    asks(request, connection, request),
    answers(request, connection, request),
  ]),
];
/** Six requests on a connection each. */
const wasting = (first: number, more = {}): readonly Step[] =>
  [0, 1, 2, 3, 4, 5].flatMap((n) => [...opens(n, first + n, more), asks(n, first + n, 1), answers(n, first + n, 1)]);

const reuse = (steps: readonly Step[], more = {}) => judgeBy(connectionReuse, {}, steps, more);

test('several clients are judged apart, and one that fails is enough', () => {
  const result = reuse([...reusing(1, { userAgent: 'good/1' }), ...wasting(10, { userAgent: 'bad/1' })]);
  expect(result.outcome).toBe('fail');
  expect(result.clients).toMatchObject([
    { client: 'good/1 at 127.0.0.1 (t13d1_a_b)', outcome: 'pass' },
    { client: 'bad/1 at 127.0.0.1 (t13d1_a_b)', outcome: 'fail', finding: 'too many connections' },
  ]);
});

test('of a client of which nothing can be told, nothing is told', () => {
  const probe = [...opens(0, 50, { userAgent: 'probe/1' }), asks(0, 50, 1)];
  expect(reuse([...reusing(), ...probe])).toMatchObject({
    outcome: 'pass',
    clients: [{ outcome: 'pass' }, { outcome: 'inconclusive' }],
  });
  expect(reuse(probe).outcome).toBe('inconclusive');
});

test('without a client it is inconclusive', () => {
  expect(reuse([])).toMatchObject({ outcome: 'inconclusive', clients: [{ seen: 'no client connected' }] });
});

test('a scenario of which no fault struck proves nothing', () => {
  const armed: Step = [0, { type: 'fault.armed', fault: 'late', hook: 'request', did: 'wait' }];
  expect(reuse([armed, ...reusing()])).toMatchObject({
    outcome: 'inconclusive',
    doubt: 'no fault of the scenario ever struck',
  });
  // What failed before everybody's eyes has failed all the same.
  expect(reuse([armed, ...wasting(1)]).outcome).toBe('fail');
});

test('a fault of two injections that struck once is told to have struck once', () => {
  const strike = (did: string): Step => [
    1,
    { type: 'fault.injected', fault: 'late', hook: 'request', ordinal: 3, did },
  ];
  const { report } = judge(tell([strike('wait'), strike('reset')]), { scenario: 'story', seed: 1, expect: [] });
  expect(report.faults).toEqual({ late: 1 });
});

test('a journal that overflowed makes everything inconclusive, and says so', () => {
  const expectation = connectionReuse.bind(connectionReuse.params.parse({}));
  const { report } = judge(tell([...reusing(), ...wasting(10)], 30), {
    scenario: 'story',
    seed: 1,
    expect: [expectation],
  });
  expect(report.missed).toBeGreaterThan(0);
  expect(report.checks).toMatchObject([
    { outcome: 'inconclusive', doubt: expect.stringMatching(/^\d+ events were lost/) },
  ]);
});

test('where the path makes resets FINs, what depends on them is inconclusive, and nothing else', () => {
  const steps = [...opens(0, 1), asks(0, 1, 1), resets(1, 1, 1), ...opens(2, 2), asks(2, 2, 1), answers(3, 2, 1)];
  expect(judgeBy(backoff, {}, steps, { resets: 'fin' })).toMatchObject({
    outcome: 'inconclusive',
    doubt: expect.stringContaining('FINs'),
  });
  expect(reuse(reusing(), { resets: 'fin' }).outcome).toBe('pass');
});

test('what was before the scenario was loaded, or started over, does not count', () => {
  const over: Step = [10, { type: 'lane.reset' }];
  expect(reuse([...wasting(1), over, ...reusing(20)])).toMatchObject({
    outcome: 'pass',
    clients: [{ figures: { requests: 6 } }],
  });
});

test('without expectations there is nothing to pass', () => {
  const verdict = judge(tell(reusing()), { scenario: 'story', seed: 1, expect: [] });
  expect(verdict.outcome).toBe('inconclusive');
  expect(() => verdict.assertPassed()).toThrow('It expects nothing: say under `expect:`');
});

test('an assertion names the check, the events and the hint', () => {
  const expectation = connectionReuse.bind(connectionReuse.params.parse({}));
  const verdict = judge(tell(wasting(1)), { scenario: 'story', seed: 1, expect: [expectation] });
  expect(() => verdict.assertPassed()).toThrow(
    /fail connection-reuse: expected 80 % or more[\s\S]*reused a connection for 0 % of 6 requests.*\(events \d+, .*\)\n {2}Keep one client/,
  );
});

// How long it takes, and how much memory, `npm run bench` tells.
test('100,000 events are all looked at', () => {
  const steps: Step[] = [...opens(0, 1)];
  for (let request = 1; steps.length < 100_000; request++)
    steps.push(asks(request, 1, request, { path: `/tasks/${request % 50}` }), answers(request, 1, request));
  const expectation = connectionReuse.bind(connectionReuse.params.parse({}));
  const { report } = judge(tell(steps, 200_000), { scenario: 'story', seed: 1, expect: [expectation] });
  expect(report).toMatchObject({ outcome: 'pass', missed: 0 });
  expect(report.events).toBeGreaterThan(100_000);
});

test('a fault that counts for each connection has struck once on each', () => {
  const strike = (connection: number): Step => [
    connection,
    { type: 'fault.injected', fault: 'late', hook: 'request', ordinal: 1, did: 'wait', connection, request: 1 },
  ];
  const { report } = judge(tell([strike(1), strike(2), strike(2)]), { scenario: 'story', seed: 1, expect: [] });
  expect(report.faults).toEqual({ late: 2 });
});

test('what is open when the run is judged was open until then, though nothing has happened since', () => {
  let now = 0;
  const journal = new Journal(() => now);
  journal.append({ type: 'scenario.loaded', name: 'story', seed: 1, faults: 0 });
  const beat: Step = [0, { type: 'heartbeat', connection: 1, source: 'ping', ageMs: 0, judgedBy: 'arrival' }];
  for (const [, entry] of [...opens(0, 1), asks(0, 1, 1), beat]) journal.append({ ...entry });
  const expect1s = [heartbeatInterval.bind(heartbeatInterval.params.parse({ within: '1s' }))];
  const outcomeAt = (atMs: number) => {
    now = atMs;
    return judge(journal, { scenario: 'story', seed: 1, expect: expect1s }).outcome;
  };
  expect([outcomeAt(900), outcomeAt(4_000)]).toEqual(['pass', 'fail']);
});

/** A judge of so many clients that a verdict on them takes several turns, and the journal that it follows. */
function crowd({ capacity = 100_000, check = connectionReuse }: { capacity?: number; check?: Check } = {}) {
  let now = 0;
  const journal = new Journal(() => now, capacity);
  const expect = [check.bind(check.params.parse({}))];
  const following = new Judge(journal, () => ({ scenario: 'story', seed: 1, expect }));
  const add = (steps: readonly Step[]) => {
    for (const [atMs, entry] of steps) {
      now = Math.max(now, atMs);
      journal.append({ ...entry });
    }
  };
  for (let number = 1; number <= CROWD; number++) add(reusing(number, { userAgent: `tea/${number}` }));
  const inTurns = () => following.verdictInTurns({}, (begin) => begin());
  return { add, following, inTurns };
}

const CROWD = 1_200;

describe('a verdict in turns', () => {
  test('is the one of when it was asked for, whatever happens meanwhile', async () => {
    const { add, following, inTurns } = crowd();
    const before = following.verdict({}).report;
    const pending = inTurns();
    add(wasting(5_000, { userAgent: 'bad/1' }));
    expect((await pending).report).toEqual(before);
    expect((await inTurns()).report).toEqual(following.verdict({}).report);
    expect(following.verdict({}).outcome).toBe('fail');
  });

  test('is finished at once where the journal would drop events, or a verdict is asked for at once', async () => {
    const { add, following, inTurns } = crowd({ capacity: 64 });
    const pending = inTurns();
    for (let client = 0; client < 10; client++) add(wasting(5_000 + client * 10, { userAgent: 'bad/1' }));
    const { clients, missed } = following.verdict({}).report;
    expect((await pending).report.clients).toHaveLength(CROWD);
    expect(clients.at(-1)).toMatchObject({ requests: 60 });
    expect(missed).toBe(0);
  });

  test('is one of many that are asked for at the same time', async () => {
    const { following, inTurns } = crowd();
    const reports = await Promise.all(Array.from({ length: 7 }, inTurns));
    const { report } = following.verdict({});
    for (const one of reports) expect(one.report).toEqual(report);
  });

  test('waits for the one that was asked for before', async () => {
    const { add, inTurns } = crowd();
    const [first, second] = [inTurns(), inTurns()];
    add(wasting(5_000, { userAgent: 'bad/1' }));
    expect((await first).outcome).toBe('pass');
    expect((await second).outcome).toBe('fail');
  });

  test('fails for each that asked where a check fails, and the next one is judged', async () => {
    let fails = true;
    const broken = defineCheck({
      ...{ name: 'broken', summary: '', definition: '', params: z.strictObject({}), expects: () => '' },
      client: {
        watch: () => ({}),
        judge: () => {
          if (fails) throw new Error('a bug');
          return inconclusive('all');
        },
      },
    });
    const { add, inTurns } = crowd({ check: broken });
    const both = await Promise.allSettled([inTurns(), inTurns()]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    fails = false;
    add(reusing(5_000, { userAgent: 'late/1' }));
    expect((await inTurns()).report.clients).toHaveLength(CROWD + 1);
  });
});
