import type { Task } from './task.ts';
import { describeTask } from './task-body.ts';
import type { Videos } from './videos.ts';

interface Rendered {
  readonly origin: string;
  readonly json: Buffer;
}

/** The body of Get for a task, with result URLs on an origin. */
export type RenderTask = (task: Task, origin: string) => Buffer;

/**
 * Makes a function that serializes and encodes tasks, each once per change: polling is the hot path. A task is replaced when it
 * changes, so the task itself is the key. The result URLs name the origin that was asked, so another one starts anew.
 */
export function createTaskJson(videos: Videos): RenderTask {
  const rendered = new WeakMap<Task, Rendered>();
  return (task, origin) => {
    const known = rendered.get(task);
    if (known?.origin === origin) return known.json;
    const json = Buffer.from(JSON.stringify(describeTask(task, videos.linksTo(task, origin))));
    rendered.set(task, { origin, json });
    return json;
  };
}
