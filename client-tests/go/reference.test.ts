import { describe, expect, test } from 'vitest';
import { type ScenarioInput, startMockServer } from '../../server/index.ts';
import { askClient, runClient } from '../cli/run-client.ts';
import { onPolls, testHardened } from '../typescript/support/hardened-clients.ts';
import { buildGoClient } from './go.ts';

const program = (await buildGoClient('reference')) ?? '';
const quick = { tasks: { queued: '100ms', running: '900ms' } } as const;

/** What the checks make of a reference client: its outcome for each, and its finding where it failed. */
async function judge(kind: 'naive' | 'hardened', scenario: ScenarioInput, ...words: readonly string[]) {
  await using server = await startMockServer({ scenario: { ...quick, ...scenario } });
  await askClient(server, program, kind, ...words);
  const { report } = await server.verdict();
  const findings = report.checks.map(({ check, outcome, clients }) => [
    check,
    clients.find(({ finding }) => finding)?.finding ?? outcome,
  ]);
  const protocols = new Set(server.journal.events('connection.secured').map(({ protocol }) => protocol));
  return { ...Object.fromEntries(findings), protocols: [...protocols] };
}

describe.runIf(program)('the reference clients on net/http', () => {
  test('row C3: polls that are cut', async () => {
    const scenario: ScenarioInput = {
      faults: [
        {
          name: 'cut',
          on: 'request',
          match: { method: 'GET' },
          when: { first: 3 },
          inject: [{ end: { at: { bodyBytes: 40 } } }],
        },
      ],
      expect: ['backoff', 'trace-propagated', { 'poll-interval': { atLeast: '500ms' } }],
    };
    expect(await judge('naive', scenario)).toMatchObject({
      backoff: 'too fast',
      'trace-propagated': 'no trace',
      'poll-interval': 'too often',
    });
    expect(await judge('hardened', scenario)).toMatchObject({
      backoff: 'pass',
      'trace-propagated': 'pass',
      'poll-interval': 'pass',
    });
  });

  test('a create whose answer is lost', async () => {
    const scenario: ScenarioInput = {
      faults: [
        {
          name: 'lost',
          on: 'request',
          match: { method: 'POST' },
          when: { first: 1 },
          inject: [{ end: { at: 'after-commit' } }],
        },
      ],
      expect: ['no-duplicate-creates'],
    };
    expect(await judge('naive', scenario)).toMatchObject({ 'no-duplicate-creates': 'duplicate' });
    expect(await judge('hardened', scenario)).toMatchObject({ 'no-duplicate-creates': 'pass' });
  });

  test('row C4: an outage at the start is not taken for a cut of h2 for good', async () => {
    const outage: ScenarioInput['faults'] = [{ name: 'outage', on: 'accept', when: { first: 3 }, inject: ['reset'] }];
    const scenario: ScenarioInput = { faults: outage, expect: ['backoff'] };
    expect(await judge('hardened', scenario)).toEqual({ backoff: 'pass', protocols: ['h2'] });
  });

  test.each([
    ['h2', ['h2', 'http/1.1'] as const],
    ['http/1.1', ['http/1.1'] as const],
  ])('row C2: a burst stays within the pool for %s', async (protocol, offer) => {
    const scenario: ScenarioInput = {
      profile: 'dual-stack',
      service: { alpn: { offer: [...offer], mismatch: 'reset' } },
      faults: [{ name: 'slow', on: 'request', inject: [{ delay: { ms: 200 } }] }],
      expect: [{ 'pool-size': { h2: 8, 'http/1.1': 16 } }],
    };
    expect(await judge('naive', scenario, 'burst')).toMatchObject({ 'pool-size': 'too large' });
    // Row C4: where h2 is cut, it falls back to http/1.1.
    expect(await judge('hardened', scenario, 'burst')).toEqual({ 'pool-size': 'pass', protocols: [protocol] });
  });
});

describe.runIf(program)('the hardened client on net/http', () => {
  testHardened(async (server, { videos, atATime }) => {
    const many = ['-videos', `${videos}`, '-at-a-time', `${atATime}`];
    return ((await askClient(server, program, 'hardened', ...many)) as { statuses: string[] }).statuses;
  });

  test('a call that is never answered is given up, and called again', async () => {
    const hang = onPolls('hang', { nth: 1 }, [{ end: { at: 'headers', how: 'hang' } }]);
    await using server = await startMockServer({ scenario: { ...quick, faults: hang } });

    expect(await askClient(server, program, 'hardened', '-attempt-limit', '500ms')).toEqual({ status: 'succeeded' });

    expect(server.journal.events('response.abandoned')).toMatchObject([{ how: 'hang' }]);
    expect(server.journal.events('task.created')).toHaveLength(1);
  });

  test('a video that takes too long is given up, and its task is cancelled', async () => {
    await using server = await startMockServer({ scenario: { tasks: { queued: '1h' } } });

    const { exitCode, stderr } = await runClient(server, program, 'hardened', '-task-limit', '1500ms');

    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('deadline exceeded')]);
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

    expect(await askClient(server, program, 'hardened', '-beat-every', '500ms')).toEqual({ status: 'succeeded' });

    expect(server.journal.events('rule.applied')).toEqual([]);
    expect((await server.verdict()).outcome).toBe('pass');
  });
});
