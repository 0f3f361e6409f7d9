import type { MockServer } from '../../../server/index.ts';
import { openClient } from './client.ts';
import { TASKS, textOnly } from './tasks.ts';

/** Lets a task run to its end, on a manual clock; returns path and query of its video, and the file as it is. */
export async function makeVideo(server: MockServer): Promise<{ readonly path: string; readonly id: string }> {
  await using client = await openClient(server);
  const { id } = JSON.parse((await client.post(TASKS, textOnly)).text);
  await server.clock.advance(5_000);
  return { id, path: await findVideo(server, id) };
}

/** Path and query of a task's video, as a poll gives them now. */
export async function findVideo(server: MockServer, id: string): Promise<string> {
  await using client = await openClient(server);
  const { content } = JSON.parse((await client.get(`${TASKS}/${id}`)).text);
  const { pathname, search } = new URL(content.video_url);
  return `${pathname}${search}`;
}
