import type { MockServer } from '../../../server/index.ts';
import type { Client } from './client.ts';
import { createTask } from './tasks.ts';

/** How many creates are under way at once. */
const BATCH = 100;

/** Creates so many tasks, a batch at a time. */
export async function createTasks(client: Client, count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  while (ids.length < count)
    ids.push(
      ...(await Promise.all(Array.from({ length: Math.min(BATCH, count - ids.length) }, () => createTask(client)))),
    );
  return ids;
}

/** What became of the tasks, as the admin API sums it up. */
export async function readSummary({ adminUrl }: MockServer): Promise<Readonly<Record<string, number>>> {
  const { summary } = (await (await fetch(`${adminUrl}/tasks`)).json()) as { summary: Record<string, number> };
  return summary;
}
