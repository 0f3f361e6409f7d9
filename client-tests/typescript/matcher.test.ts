import { expect, test } from 'vitest';
import '../../server/fixtures/vitest.ts';
import { startMockServer } from '../../server/index.ts';
import { openClient } from './support/client.ts';
import { TASKS, textOnly } from './support/tasks.ts';

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
