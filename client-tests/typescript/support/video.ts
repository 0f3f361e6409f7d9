import { Agent, request } from 'undici';
import type { MockServer } from '../../../server/index.ts';
import { TASKS, textOnly } from './tasks.ts';

/** Makes a video with undici and downloads it over the same connection: from the port of the service, whose connections faults
 * strike. The server's clock runs. */
export async function makeVideo(server: MockServer, protocol: 'h2' | 'http/1.1'): Promise<Buffer> {
  const dispatcher = new Agent({ allowH2: protocol === 'h2', connections: 1, connect: { ca: server.ca } });
  const ask = async (path: string, body?: unknown) => {
    const answer = await request(`${server.url}${path}`, {
      dispatcher,
      headers: { authorization: 'Bearer x' },
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
    });
    return (await answer.body.json()) as { id: string; content?: { video_url: string } };
  };
  try {
    const { id } = await ask(TASKS, textOnly);
    await server.journal.waitFor('task.changed', ({ task, to }) => task === id && to === 'succeeded');
    const { content } = await ask(`${TASKS}/${id}`);
    const { pathname, search } = new URL(content?.video_url ?? '');
    const download = await request(`${server.url}${pathname}${search}`, { dispatcher });
    return Buffer.from(await download.body.arrayBuffer());
  } finally {
    await dispatcher.destroy();
  }
}
