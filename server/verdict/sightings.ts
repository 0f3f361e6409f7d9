import type { JournalEvent } from '../journal.ts';
import { keep } from './bounded.ts';
import type { Request } from './facts.ts';

/** How many tasks List shows where its query does not say (reference, Ark API section 4). */
const PAGE_SIZE = 20;

const OVER: readonly string[] = ['succeeded', 'failed', 'cancelled', 'expired'];

/** Whether a status is a task's last. */
export const isOver = (status: string): boolean => OVER.includes(status);

const NO_TASKS: readonly string[] = [];

/** How many are remembered, the newest. */
const TASKS_KEPT = 20_000;

interface KnownTask {
  readonly id: string;
  readonly model: string;
  readonly status: string;
  readonly account: string | undefined;
  readonly client: string | undefined;
  /** Sequence number of the latest time that Get showed it as it stood before. */
  readonly regressedAt: number;
}

/**
 * What Gets and Lists show of the tasks, as it happens. What a List shows follows from its query and from what has become of the
 * tasks by then; a Get may be shown a task as it stood before. The mock lists the tasks of all API keys, but a List says nothing to
 * a client of the tasks of another one.
 */
export class Sightings {
  readonly #tasks = new Map<string, KnownTask>();
  /** Theirs, and those of tasks that were deleted, in the order in which they were made. */
  readonly #ids: string[] = [];
  readonly #clientOf = new Map<number, string>();

  learn(news: JournalEvent): void {
    if (news.type === 'task.created') this.#add(news);
    else if (news.type === 'connection.identified') this.#clientOf.set(news.connection, news.client);
    else if (news.type === 'connection.ended') this.#clientOf.delete(news.connection);
    else if (news.type === 'task.deleted') this.#tasks.delete(news.task);
    else if (news.type === 'task.changed') this.#update(news.task, { status: news.to });
    else if (news.type === 'task.regressed') this.#update(news.task, { regressedAt: news.seq });
  }

  /** The tasks that a request which is being answered is shown as over. */
  shownAsOver(request: Request): readonly string[] {
    const { received, answer, asked } = request;
    if (received.method !== 'GET' || answer?.status !== 200 || answer.altered) return NO_TASKS;
    const isSeen = ({ status, regressedAt }: KnownTask) => isOver(status) && regressedAt < received.seq;
    if (asked === undefined)
      return this.#listedBy(request)
        .filter(isSeen)
        .map(({ id }) => id);
    const task = this.#tasks.get(asked);
    return task && isSeen(task) ? [asked] : NO_TASKS;
  }

  #add({ task: id, model, account, connection }: JournalEvent<'task.created'>): void {
    const client = connection === undefined ? undefined : this.#clientOf.get(connection);
    this.#ids.push(id);
    if (this.#ids.length > 2 * TASKS_KEPT) this.#ids.splice(0, TASKS_KEPT);
    keep(this.#tasks, id, { id, model, status: 'queued', regressedAt: 0, account, client }, TASKS_KEPT);
  }

  #update(id: string, news: Partial<KnownTask>): void {
    const known = this.#tasks.get(id);
    if (known) this.#tasks.set(id, { ...known, ...news });
  }

  #listedBy(request: Request): readonly KnownTask[] {
    const { target } = request;
    if (!target.isTasks) return [];
    return this.#pageOf(new URLSearchParams(target.query)).filter((task) => isOwn(task, request));
  }

  #pageOf(query: URLSearchParams): readonly KnownTask[] {
    const size = Number(query.get('page_size') ?? PAGE_SIZE);
    const end = Number(query.get('page_num') ?? 1) * size;
    const matching: KnownTask[] = [];
    // A run may hold thousands of Lists of thousands of tasks: what comes behind the page is not looked at.
    for (let index = this.#ids.length - 1; index >= 0 && matching.length < end; index--) {
      const task = this.#tasks.get(this.#ids[index] ?? '');
      if (task && matches(task, query)) matching.push(task);
    }
    return matching.slice(end - size);
  }
}

/** Whether a task and a List are of one API key, or of one client, as far as that is known. */
const isOwn = ({ account, client }: KnownTask, request: Request): boolean =>
  account === undefined ||
  request.account === undefined ||
  account === request.account ||
  (client !== undefined && client === request.received.client);

function matches({ id, model, status }: KnownTask, query: URLSearchParams): boolean {
  const ids = query.getAll('filter.task_ids');
  const tier = id.startsWith('cgt-batch-') ? 'flex' : 'default';
  const named = query.get('filter.model') ?? model;
  return (
    (ids.length === 0 || ids.includes(id)) &&
    (query.get('filter.status') ?? status) === status &&
    (query.get('filter.service_tier') ?? 'default') === tier &&
    // An endpoint's id stands for a model that only its owner knows.
    (named === model || named.startsWith('ep-'))
  );
}
