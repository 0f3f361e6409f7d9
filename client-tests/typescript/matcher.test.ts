import { expect as expectOfJest } from 'expect';
import { afterAll, describe, expect, test } from 'vitest';
import { toPassVerdict } from '../../server/fixtures/matcher.ts';
import { seedanceMock } from '../../server/fixtures/vitest.ts';
import { type MockServer, startMockServer } from '../../server/index.ts';
import { openClient } from './support/client.ts';
import { TASKS, textOnly } from './support/tasks.ts';

declare module 'expect' {
  // Its parameters have to be named as Jest's own are.
  interface Matchers<R extends void | Promise<void>, T = unknown> {
    toPassVerdict(): T extends never ? R : Promise<void>;
  }
}

test("Jest's own expect takes the matcher too", async () => {
  expectOfJest.extend({ toPassVerdict });
  await using server = await startMockServer({ clock: 'manual', scenario: { expect: ['tasks-settled'] } });
  await using client = await openClient(server);
  const { id } = JSON.parse((await client.post(TASKS, textOnly)).text);
  await expect(expectOfJest(server).toPassVerdict()).rejects.toThrow('Keep the ids of created tasks');
  await server.clock.advance(5_000);
  await client.get(`${TASKS}/${id}`);
  await expectOfJest(server).toPassVerdict();
});

test('toPassVerdict passes with the verdict, and fails with what to change', async () => {
  await using server = await startMockServer({ clock: 'manual', scenario: { expect: ['tasks-settled'] } });
  await using client = await openClient(server);
  const { id } = JSON.parse((await client.post(TASKS, textOnly)).text);
  await expect(server).not.toPassVerdict();
  await expect(expect(server).toPassVerdict()).rejects.toThrow(
    /fail tasks-settled: expected every task seen to its end[\s\S]*\(events \d+\)\n {2}Keep the ids of created tasks/,
  );

  await server.clock.advance(5_000);
  await client.get(`${TASKS}/${id}`);
  await expect(server).toPassVerdict();
  await expect(await server.verdict()).toPassVerdict();
});

test('what is inconclusive has neither passed nor failed', async () => {
  await using server = await startMockServer({ scenario: { expect: ['tasks-settled'] } });
  expectOfJest.extend({ toPassVerdict });
  await expect(expect(server).toPassVerdict()).rejects.toThrow('is "inconclusive", not "pass"');
  await expect(expect(server).not.toPassVerdict()).rejects.toThrow('is "inconclusive", not "fail"');
  await expect(expectOfJest(server).not.toPassVerdict()).rejects.toThrow('is "inconclusive", not "fail"');
  expect((await server.verdict()).explain('inconclusive')).toMatch(/is "inconclusive"\.\n/);
});

const it = test.extend({ mock: seedanceMock({ scenario: 'poll-reset', clock: 'manual' }) });
const together = test.extend<{ $file: { mock: MockServer } }>({ mock: [seedanceMock(), { scope: 'file' }] });

describe('seedanceMock', () => {
  const servers: MockServer[] = [];
  afterAll(async () => {
    expect(servers.length).toBe(2);
    for (const { url, ca } of servers) await expect(openClient({ url, ca })).rejects.toThrow('ECONNREFUSED');
  });

  it.for(['one', 'another'])('gives %s test a server of its own', async (_name, { mock }) => {
    expect(servers).not.toContain(mock);
    servers.push(mock);
    expect(mock.lane.scenario.name).toBe('poll-reset');
    await using client = await openClient(mock);
    expect((await client.get(TASKS)).status).toBe(200);
    expect(mock.journal.events('request.received')).toHaveLength(1);
  });

  together.for(['one', 'another'])(
    'gives the tests of a file one server, and %s a lane of it',
    async (_name, { mock }) => {
      await using lane = await mock.openLane({ clock: 'manual' });
      await using client = await openClient(lane);
      await client.post(TASKS, textOnly);
      expect([lane.tasks.all().length, mock.tasks.all().length]).toEqual([1, 0]);
    },
  );
});
