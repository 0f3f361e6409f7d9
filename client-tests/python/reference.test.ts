import { describe, expect, test } from 'vitest';
import { type ScenarioInput, startMockServer } from '../../server/index.ts';
import { askClient, runClient } from '../cli/run-client.ts';
import { onPolls, testHardened } from '../typescript/support/hardened-clients.ts';
import { findPython, script } from './python.ts';

const python = (await findPython()) ?? '';
const quick = { tasks: { queued: '100ms', running: '900ms' } } as const;
const cutPolls: NonNullable<ScenarioInput['faults']> = [
  {
    name: 'cut',
    on: 'request',
    match: { method: 'GET' },
    when: { first: 3 },
    inject: [{ end: { at: { bodyBytes: 40 } } }],
  },
];
const lostCreate: NonNullable<ScenarioInput['faults']> = [
  {
    name: 'lost',
    on: 'request',
    match: { method: 'POST' },
    when: { first: 1 },
    inject: [{ end: { at: 'after-commit' } }],
  },
];

/** How Python tells that `connect()` has come back, so the handshake had succeeded, and the call after it met a TCP RST. */
const RESET_AFTER_HANDSHAKE = /, in request\n[\s\S]*Cut: .*Connection reset by peer\n$/;

/** What the checks make of a reference client: its outcome for each, and its finding where it failed. */
async function judge(kind: 'naive' | 'hardened', scenario: ScenarioInput, ...words: readonly string[]) {
  await using server = await startMockServer({ scenario: { ...quick, ...scenario } });
  expect(await askClient(server, python, script('reference/make_video.py'), kind, ...words)).toEqual({
    status: 'succeeded',
  });
  const { report } = await server.verdict();
  return Object.fromEntries(
    report.checks.map(({ check, outcome, clients }) => [
      check,
      clients.find(({ finding }) => finding)?.finding ?? outcome,
    ]),
  );
}

describe.runIf(python)('the reference clients on asyncio and h2', () => {
  test('polls that are cut: backoff, reuse, traces', async () => {
    const scenario: ScenarioInput = {
      faults: cutPolls,
      expect: [
        'backoff',
        { 'connection-reuse': { atLeast: 0.2 } },
        { 'trace-propagated': {} },
        'tasks-settled',
        'alpn-offered',
      ],
    };
    expect(await judge('naive', scenario)).toEqual({
      ...{ backoff: 'too fast', 'connection-reuse': 'too many connections', 'trace-propagated': 'no trace' },
      ...{ 'tasks-settled': 'pass', 'alpn-offered': 'pass' },
    });
    expect(await judge('hardened', scenario)).toEqual({
      ...{ backoff: 'pass', 'connection-reuse': 'pass', 'trace-propagated': 'pass' },
      ...{ 'tasks-settled': 'pass', 'alpn-offered': 'pass' },
    });
  });

  test('a create whose answer is lost: one task for one create', async () => {
    const scenario: ScenarioInput = { faults: lostCreate, expect: ['no-duplicate-creates', 'recovers-within'] };
    expect(await judge('naive', scenario)).toMatchObject({ 'no-duplicate-creates': 'duplicate' });
    expect(await judge('hardened', scenario)).toMatchObject({ 'no-duplicate-creates': 'pass' });
  });

  describe('row B12: an SSLContext', () => {
    const start = () => startMockServer({ profile: 'seedance', scenario: { ...quick, expect: ['alpn-offered'] } });
    const client = script('reference/make_video.py');

    test('without set_alpn_protocols() shakes hands, and is reset each time', async () => {
      await using server = await start();

      const { exitCode, stderr } = await runClient(server, python, client, 'no-alpn');

      expect(stderr).toMatch(RESET_AFTER_HANDSHAKE);
      expect(exitCode).toBe(1);
      const applied = server.journal.events('rule.applied');
      expect(applied).toHaveLength(20);
      expect(new Set(applied.map(({ line }) => line))).toEqual(new Set(['http2: server: ALPN absent -> reset']));
      expect((await server.verdict()).result('alpn-offered')).toMatchObject({
        outcome: 'fail',
        clients: [{ finding: 'no ALPN', seen: 'offered no ALPN in 20 ClientHellos (20 of them: no ALPN)' }],
      });
    });

    test("with set_alpn_protocols(['h2']) makes its video", async () => {
      await using server = await start();

      expect(await askClient(server, python, client, 'hardened')).toEqual({ status: 'succeeded' });

      expect(server.journal.events('connection.hello')).toMatchObject([{ alpn: ['h2'] }]);
      expect(server.journal.events('rule.applied')).toEqual([]);
      expect((await server.verdict()).result('alpn-offered')).toMatchObject({ outcome: 'pass' });
    });
  });

  test('row C1: heartbeats from connection_made to connection_lost keep a connection that has nothing to do', async () => {
    const scenario: ScenarioInput = {
      ...quick,
      service: { idle: { after: '2s' }, heartbeat: { within: '3s' } },
      expect: [{ 'heartbeat-interval': { within: '1500ms' } }],
    };
    for (const [kind, words, outcome, rules] of [
      ['naive', ['2.5'], 'fail', ['idle']],
      ['hardened', ['2.5', '0.5'], 'pass', []],
    ] as const) {
      await using server = await startMockServer({ scenario });
      await askClient(server, python, script('reference/make_video.py'), kind, ...words);
      expect(server.journal.events('rule.applied').map(({ rule }) => rule)).toEqual(rules);
      expect((await server.verdict()).outcome).toBe(outcome);
    }
  });
});

describe.runIf(python)('the hardened client on asyncio and h2', () => {
  const client = script('reference/make_video.py');

  testHardened(async (server, { videos, atATime }) => {
    const many = ['--videos', `${videos}`, '--at-a-time', `${atATime}`];
    const { statuses } = (await askClient(server, python, client, 'hardened', ...many)) as { statuses: string[] };
    return statuses;
  });

  test('a poll that is never answered is given up, and called again on another connection', async () => {
    const hang = onPolls('hang', { nth: 1 }, [{ end: { at: 'headers', how: 'hang' } }]);
    await using server = await startMockServer({ scenario: { ...quick, faults: hang } });

    expect(await askClient(server, python, client, 'hardened', '--attempt-limit', '0.5')).toEqual({
      status: 'succeeded',
    });

    expect(server.journal.events('connection.opened')).toHaveLength(2);
    expect(server.journal.events('task.created')).toHaveLength(1);
  });

  test('a video that takes too long is given up, and its task is cancelled', async () => {
    await using server = await startMockServer({ scenario: { tasks: { queued: '1h' } } });

    const { exitCode, stderr } = await runClient(server, python, client, 'hardened', '--task-limit', '1.5');

    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('TimeoutError')]);
    expect(server.journal.events('task.changed')).toMatchObject([{ to: 'cancelled' }]);
  });

  test('a busy connection beats while a task is polled', async () => {
    const scenario: ScenarioInput = {
      tasks: { queued: '100ms', running: '4s' },
      service: { idle: { after: '2s' }, heartbeat: { within: '2s' } },
      faults: onPolls('slow', { nth: 2 }, [{ delay: { ms: '3s' } }]),
      expect: [{ 'heartbeat-interval': { within: '2s' } }],
    };
    await using server = await startMockServer({ scenario });

    const words = ['0', '0.5', '--videos', '2', '--at-a-time', '2'];
    expect(await askClient(server, python, client, 'hardened', ...words)).toEqual({
      statuses: ['succeeded', 'succeeded'],
    });

    expect(server.journal.events('rule.applied')).toEqual([]);
    expect(server.journal.events('connection.opened')).toHaveLength(1);
    expect((await server.verdict()).outcome).toBe('pass');
  });
});
