import { expect, test } from 'vitest';
import { type MockServer, startMockServer } from '../../server/index.ts';
import { openClient } from './support/client.ts';
import { TASKS } from './support/tasks.ts';

const CLIENTS = 50;
const CALLS = 20;

const start = (seed?: number) =>
  startMockServer({
    ...(seed !== undefined && { seed }),
    profile: 'permissive',
    scenario: {
      faults: [
        {
          name: 'busy',
          on: 'request',
          when: { probability: 0.3, per: 'client' },
          inject: [{ status: { code: 503 } }],
        },
        { name: 'broken', on: 'response', when: { every: 7, per: 'client' }, inject: [{ status: { code: 500 } }] },
      ],
    },
  });

/** What each of many clients sees, all of them at once. */
const statusesOf = (server: MockServer): Promise<(number | undefined)[][]> =>
  Promise.all(
    Array.from({ length: CLIENTS }, async (_, number) => {
      await using client = await openClient(server);
      const statuses: (number | undefined)[] = [];
      for (let call = 0; call < CALLS; call++)
        statuses.push((await client.get(TASKS, { authorization: `Bearer key-${number}` })).status);
      return statuses;
    }),
  );

test('fifty clients at once see the same in each run of a seed that the first run chose, each its own', async () => {
  await using first = await start();
  const seen = await statusesOf(first);
  await using again = await start(first.seed);
  await using other = await start(first.seed + 1);

  expect(await statusesOf(again)).toEqual(seen);
  expect(await statusesOf(other)).not.toEqual(seen);
  expect(new Set(seen.map(String)).size).toBeGreaterThan(CLIENTS / 2);
  for (const statuses of seen) expect(statuses[6]).toEqual(expect.toBeOneOf([500, 503]));
});

test('17.7 % of 2,000 calls over ten connections at once are struck, within one in a hundred', async () => {
  await using server = await startMockServer({
    seed: 7,
    profile: 'permissive',
    scenario: {
      faults: [{ name: 'chance', on: 'request', when: { probability: 0.177 }, inject: [{ status: { code: 503 } }] }],
    },
  });
  const struck = await Promise.all(
    Array.from({ length: 10 }, async () => {
      await using client = await openClient(server);
      let count = 0;
      for (let call = 0; call < 200; call++) if ((await client.get(TASKS)).status === 503) count++;
      return count;
    }),
  );
  const share = struck.reduce((sum, count) => sum + count, 0) / 2_000;
  expect(Math.abs(share - 0.177)).toBeLessThan(0.01);
});
