import { z } from 'zod';
import type { Lane } from '../lane.ts';
import type { Exchange } from '../wire/exchange.ts';
import { type Prefix, readItems, readJson } from './prefix.ts';

/** How many tasks are known at once; the oldest makes room. */
const MAX_KNOWN = 10_000;

/** Behind whatever prefix the base URL carries (reference, Ark API section 1). */
const TASKS = /\/contents\/generations\/tasks(?:\/([^/?]+))?\/?(?:\?|$)/;

const id = z.string().regex(/^[\w.:-]{1,200}$/);
const created = z.looseObject({ id });
const shown = z.looseObject({ id, status: z.string().regex(/^\w{1,50}$/) });
const asked = z.looseObject({ model: z.string().min(1).max(200) });

/** What a call means for tasks: which it creates, shows or gives up follows from its answer. */
export type TaskCall =
  | { readonly does: 'create' }
  | { readonly does: 'list' }
  | { readonly does: 'get' | 'delete'; readonly task: string };

/** Reads what a call means for tasks; undefined where it means nothing. */
export function readTaskCall({ method, url }: Pick<Exchange, 'method' | 'url'>): TaskCall | undefined {
  const found = TASKS.exec(url);
  if (!found) return undefined;
  const [, task] = found;
  if (method === 'POST') return task === undefined ? { does: 'create' } : undefined;
  if (method === 'GET') return task === undefined ? { does: 'list' } : { does: 'get', task };
  if (method === 'DELETE' && task !== undefined) return { does: 'delete', task };
  return undefined;
}

/** What the beginning of an answer, and of its request, tell. */
export interface Sight {
  readonly exchange: Exchange;
  readonly call: TaskCall;
  readonly answer: string;
  /** Of the request; absent where it had no body. */
  readonly request: Prefix | undefined;
}

/** What becomes of the tasks that clients have created at an upstream, as far as its answers show it: told to the journal as our own
 * service tells it, for the verdict to read. A task that nobody asks for is not heard of. */
export class TaskSightings {
  readonly #lane: Lane;
  /** Status by id. */
  readonly #known = new Map<string, string>();

  constructor(lane: Lane) {
    this.#lane = lane;
    lane.journal.subscribe(({ type }) => {
      if (type === 'lane.reset') this.#known.clear();
    });
  }

  /** Takes in an answer that was a success. */
  see({ exchange, call, answer, request }: Sight): void {
    switch (call.does) {
      case 'create':
        return this.#create(exchange, readJson(answer), request);
      case 'get':
        return this.#show(readJson(answer));
      case 'list':
        for (const item of readItems(answer)) this.#show(item);
        return;
      case 'delete':
        return this.#giveUp(call.task);
    }
  }

  #create({ seat, id: request }: Exchange, answer: unknown, prefix: Prefix | undefined): void {
    const { success, data } = created.safeParse(answer);
    if (!success || this.#known.has(data.id)) return;
    const model = modelIn(prefix?.text() ?? '');
    this.#lane.journal.append({ type: 'task.created', task: data.id, model, connection: seat.id, request });
    this.#note(data.id, 'queued');
  }

  /** Whoever else's tasks a List shows are none of this run's. */
  #show(item: unknown): void {
    const { success, data } = shown.safeParse(item);
    const from = success ? this.#known.get(data.id) : undefined;
    if (!success || from === undefined || from === data.status) return;
    this.#lane.journal.append({ type: 'task.changed', task: data.id, from, to: data.status });
    this.#note(data.id, data.status);
  }

  /** DELETE cancels what is queued and deletes what is over (reference, Ark API section 5): its answer does not say which. */
  #giveUp(task: string): void {
    const from = this.#known.get(task);
    if (from === undefined) return;
    const { journal } = this.#lane;
    if (from === 'queued') {
      journal.append({ type: 'task.changed', task, from, to: 'cancelled' });
      this.#note(task, 'cancelled');
      return;
    }
    journal.append({ type: 'task.deleted', task });
    this.#known.delete(task);
  }

  #note(task: string, status: string): void {
    this.#known.set(task, status);
    const [oldest] = this.#known.size > MAX_KNOWN ? this.#known.keys() : [];
    if (oldest !== undefined) this.#known.delete(oldest);
  }
}

/** A body that is longer than what was looked at still has its model near the start, as a rule. */
function modelIn(text: string): string {
  const { success, data } = asked.safeParse(readJson(text));
  return success ? data.model : (/"model"\s*:\s*"([^"\\]{1,200})"/.exec(text)?.[1] ?? 'unknown');
}
