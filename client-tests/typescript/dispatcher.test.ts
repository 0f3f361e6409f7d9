import { describe, expect, test } from 'vitest';
import { type MockServer, startMockServer } from '../../server/index.ts';
import { type Client, openClient } from './support/client.ts';
import { readSummary } from './support/crowd.ts';
import { createTask, getTask } from './support/tasks.ts';

const readMetric = async ({ adminUrl }: MockServer, name: string): Promise<number> => {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.split(' ')[1],
  );
};

const openLane = (scenario: Parameters<typeof startMockServer>[0]) =>
  startMockServer({ profile: 'permissive', clock: 'manual', ...scenario });

const statusesOf = async (client: Client, ids: readonly string[]): Promise<readonly string[]> =>
  (await Promise.all(ids.map((id) => getTask(client, id)))).map(({ status }) => status);

describe('the load of the incident', () => {
  const AT_ONCE = 4;
  const EVERY_MS = 1_750;
  const ROUNDS = 150;
  const EXPIRES_AFTER_SECONDS = 3_600;

  /** What became of each task, in the order of creation, and the rate that is told. */
  async function run(scenario: string) {
    await using server = await openLane({ scenario });
    await using client = await openClient(server);
    for (let round = 0; round < ROUNDS; round++) {
      const fields = { execution_expires_after: EXPIRES_AFTER_SECONDS };
      await Promise.all(Array.from({ length: AT_ONCE }, () => createTask(client, fields)));
      await server.clock.advance(EVERY_MS);
    }
    const ids = server.journal.events('task.created').map(({ task }) => task);
    const dropped = server.journal.events('task.dropped').map(({ task }) => ids.indexOf(task));
    // Before any of them expires.
    const early = await readSummary(server);
    expect((await server.verdict()).report.tasks).toMatchObject({
      dropped: dropped.length,
      successRate: early.successRate,
    });
    expect(await readMetric(server, 'seedance_mock_task_success_ratio')).toBe(early.successRate);
    const stillQueued = (
      await statusesOf(
        client,
        dropped.map((at) => ids[at] ?? ''),
      )
    ).every((is) => is === 'queued');
    await server.clock.advance(EXPIRES_AFTER_SECONDS * 1_000);
    return { dropped, early, stillQueued, statuses: await statusesOf(client, ids), summary: await readSummary(server) };
  }

  test('is too much for 4 workers and 50 ms, and nothing to 32 workers and 500 ms', async () => {
    const starved = await run('dispatcher-starved');
    const tuned = await run('dispatcher-tuned');
    expect(starved.summary.successRate).toBeGreaterThan(0.75);
    expect(starved.summary.successRate).toBeLessThan(0.9);
    expect(tuned.summary.successRate).toBe(1);
    // What runs at that moment may succeed still.
    expect(starved.early).toMatchObject({ dropped: starved.dropped.length });
    expect(starved.early.successRate).toBeCloseTo(starved.summary.successRate ?? 0, 1);
    expect(starved.summary).toMatchObject({ dropped: 0, expired: starved.dropped.length });
    // Dropped, not retried, and inconsistent: the API calls them queued until they expire.
    expect(starved.stillQueued).toBe(true);
    const expired = starved.statuses.flatMap((status, at) => (status === 'expired' ? [at] : []));
    expect(expired).toEqual(starved.dropped.toSorted((a, b) => a - b));
    expect(tuned.dropped).toEqual([]);
  });

  test('loses the same tasks on each run', async () => {
    expect(await run('dispatcher-starved')).toEqual(await run('dispatcher-starved'));
  });
});

test('a task waits for a worker as long as it is queued', async () => {
  await using server = await openLane({
    scenario: {
      tasks: { queued: '0s' },
      faults: [{ on: 'task', inject: [{ dispatcher: { workers: 1, serviceTime: '3s' } }] }],
    },
  });
  await using client = await openClient(server);
  const ids = [await createTask(client), await createTask(client)];
  const seen: string[] = [];
  for (let second = 0; second < 3; second++) {
    await server.clock.advance(second === 0 ? 0 : 3_000);
    seen.push((await statusesOf(client, ids)).join(' '));
  }
  expect(seen).toEqual(['running queued', 'succeeded running', 'succeeded succeeded']);
});

test('with retry, a task that found no worker tries again and is run', async () => {
  await using server = await openLane({
    scenario: {
      tasks: { queued: '0s' },
      faults: [
        {
          on: 'task',
          inject: [
            {
              dispatcher: {
                workers: 1,
                serviceTime: '3s',
                queueTimeout: '50ms',
                overflow: 'retry',
                tries: 4,
                pause: '1s',
              },
            },
          ],
        },
      ],
    },
  });
  await using client = await openClient(server);
  const ids = [await createTask(client), await createTask(client)];
  await server.clock.advance(3_150);
  expect(await statusesOf(client, ids)).toEqual(['succeeded', 'running']);
  expect(server.journal.events('task.retried')).toMatchObject([
    { task: ids[1], tries: 1 },
    { task: ids[1], tries: 2 },
    { task: ids[1], tries: 3 },
  ]);
});

test('a reset of the lane starts with all workers free and in place', async () => {
  await using server = await openLane({
    scenario: {
      tasks: { queued: '0s' },
      faults: [
        { name: 'one worker', on: 'task', inject: [{ dispatcher: { workers: 1, serviceTime: '1h' } }] },
        { name: 'lost', on: 'task', when: { nth: 2 }, inject: [{ 'worker-lost': { share: 1, for: '1h' } }] },
      ],
    },
  });
  await using client = await openClient(server);
  const first = await createTask(client);
  await server.clock.advance(0);
  const second = await createTask(client);
  await server.clock.advance(1_000);
  expect(await statusesOf(client, [first, second])).toEqual(['running', 'queued']);

  await fetch(`${server.adminUrl}/reset`, { method: 'POST' });
  const next = await createTask(client);
  await server.clock.advance(0);
  expect(await statusesOf(client, [next])).toEqual(['running']);
});

describe('a worker is lost', () => {
  test('and its task hangs for 30 s, then fails; all others succeed', async () => {
    await using server = await openLane({ scenario: 'worker-lost' });
    await using client = await openClient(server);
    const ids: string[] = [];
    for (let nth = 0; nth < 24; nth++) {
      ids.push(await createTask(client));
      await server.clock.advance(1_000);
    }
    const [lost] = server.journal.events('workers.lost');
    expect(lost).toMatchObject({ lost: 1, of: 4, tasks: [expect.any(String)] });
    const victim = lost?.tasks[0] ?? '';

    await server.clock.advance(24_999);
    expect(await statusesOf(client, [victim])).toEqual(['running']);
    await server.clock.advance(1);
    expect(await getTask(client, victim)).toMatchObject({ status: 'failed', error: { code: 'InternalServiceError' } });
    const statuses = await statusesOf(client, ids);
    expect(statuses.filter((status) => status === 'succeeded')).toHaveLength(23);
  });

  test('and its task moves to another, which runs it from the start', async () => {
    await using server = await openLane({
      scenario: {
        tasks: { queued: '0s' },
        faults: [
          { name: 'two nodes', on: 'task', inject: [{ dispatcher: { workers: 2, serviceTime: '5s' } }] },
          {
            name: 'lost',
            on: 'task',
            when: { nth: 2 },
            inject: [{ 'worker-lost': { share: 1, for: '30s', then: 'move' } }],
          },
        ],
      },
    });
    await using client = await openClient(server);
    const first = await createTask(client);
    await server.clock.advance(4_000);
    const second = await createTask(client);

    await server.clock.advance(29_999);
    expect(await statusesOf(client, [first, second])).toEqual(['running', 'queued']);
    await server.clock.advance(1);
    expect(await statusesOf(client, [first, second])).toEqual(['running', 'running']);
    await server.clock.advance(4_999);
    expect(await statusesOf(client, [first, second])).toEqual(['running', 'running']);
    await server.clock.advance(1);
    expect(await statusesOf(client, [first, second])).toEqual(['succeeded', 'succeeded']);
    expect(server.journal.events('task.moved')).toMatchObject([{ task: first }]);
    expect(server.journal.events('workers.back')).toMatchObject([{ back: 2 }]);
  });

  test('without a dispatcher, a share of the running tasks hangs', async () => {
    await using server = await openLane({
      scenario: {
        tasks: { queued: '0s', running: '5s' },
        faults: [{ on: 'task', when: { nth: 5 }, inject: [{ 'worker-lost': { share: 0.5, for: '30s' } }] }],
      },
    });
    await using client = await openClient(server);
    const ids: string[] = [];
    for (let nth = 0; nth < 5; nth++) {
      ids.push(await createTask(client));
      await server.clock.advance(0);
    }
    await server.clock.advance(5_000);
    const after5s = await statusesOf(client, ids);
    expect(after5s.filter((status) => status === 'running')).toHaveLength(2);
    await server.clock.advance(25_000);
    const statuses = await statusesOf(client, ids);
    expect(statuses).toEqual(after5s.map((status) => (status === 'running' ? 'failed' : 'succeeded')));
  });
});
