/** Makes a video with Node's own fetch, and prints what it saw as JSON. It takes all that it needs from its environment. */
import { hash } from 'node:crypto';
import { scheduler } from 'node:timers/promises';

interface Task {
  readonly id: string;
  readonly status: string;
  readonly content?: { readonly video_url: string };
}

const { SEEDANCE_BASE_URL, ARK_API_KEY } = process.env;
const tasks = `${SEEDANCE_BASE_URL}/contents/generations/tasks`;
const headers = { authorization: `Bearer ${ARK_API_KEY}`, 'content-type': 'application/json' };

async function ask(url: string, body?: unknown): Promise<Task> {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  return (await (await fetch(url, { headers, ...init })).json()) as Task;
}

/** A failed fetch says why in its cause. */
function tellFailure(error: unknown): void {
  const { message, cause } = error as Error & { readonly cause?: NodeJS.ErrnoException };
  console.log(JSON.stringify({ message, code: cause?.code, syscall: cause?.syscall }));
}

try {
  let task = await ask(tasks, {
    model: 'doubao-seedance-2-0-260128',
    content: [{ type: 'text', text: 'A lighthouse at dusk.' }],
  });
  do {
    await scheduler.wait(50);
    task = await ask(`${tasks}/${task.id}`);
  } while (task.status === 'queued' || task.status === 'running');

  const download = await fetch(task.content?.video_url ?? '');
  const video = Buffer.from(await download.arrayBuffer());
  console.log(
    JSON.stringify({
      task: task.id,
      status: task.status,
      type: download.headers.get('content-type'),
      box: video.toString('latin1', 4, 8),
      sha256: hash('sha256', video),
    }),
  );
} catch (error) {
  tellFailure(error);
}
