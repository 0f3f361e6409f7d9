import type { JournalEvent } from '../journal.ts';
import type { Request } from './facts.ts';

const TASK = /\/contents\/generations\/tasks\/([^/?]+)(?:\?|$)/;
const LIST = /\/contents\/generations\/tasks\/?(|\?.*)$/;
/** How many tasks List shows where its query does not say (reference, Ark API section 4). */
const PAGE_SIZE = 20;

const OVER: readonly string[] = ['succeeded', 'failed', 'cancelled', 'expired'];

/** Whether a status is a task's last. */
export const isOver = (status: string): boolean => OVER.includes(status);

interface KnownTask {
  readonly id: string;
  readonly model: string;
  readonly status: string;
  /** Sequence number of the latest time that Get showed it as it stood before. */
  readonly regressedAt: number;
}

/**
 * What Gets and Lists show of the tasks, as it happens. What a List shows follows from its query and from what has become of the
 * tasks by then; a Get may be shown a task as it stood before.
 */
export class Sightings {
  readonly #tasks = new Map<string, KnownTask>();

  learn(news: JournalEvent): void {
    if (news.type === 'task.created')
      this.#tasks.set(news.task, { id: news.task, model: news.model, status: 'queued', regressedAt: 0 });
    else if (news.type === 'task.deleted') this.#tasks.delete(news.task);
    else if (news.type === 'task.changed') this.#update(news.task, { status: news.to });
    else if (news.type === 'task.regressed') this.#update(news.task, { regressedAt: news.seq });
  }

  /** The tasks that a request which is being answered is shown as over. */
  shownAsOver({ received, answer }: Request): readonly string[] {
    if (received.method !== 'GET' || answer?.status !== 200 || answer.altered) return [];
    return this.#shownBy(received.path).flatMap(({ id, status, regressedAt }) =>
      isOver(status) && regressedAt < received.seq ? id : [],
    );
  }

  #update(id: string, news: Partial<KnownTask>): void {
    const known = this.#tasks.get(id);
    if (known) this.#tasks.set(id, { ...known, ...news });
  }

  #shownBy(path: string): readonly KnownTask[] {
    const [, id] = TASK.exec(path) ?? [];
    if (id !== undefined) return [this.#tasks.get(id) ?? []].flat();
    const [, query] = LIST.exec(path) ?? [];
    return query === undefined ? [] : this.#pageOf(new URLSearchParams(query));
  }

  #pageOf(query: URLSearchParams): readonly KnownTask[] {
    const size = Number(query.get('page_size') ?? PAGE_SIZE);
    const end = Number(query.get('page_num') ?? 1) * size;
    const matching: KnownTask[] = [];
    // A run may hold thousands of Lists of thousands of tasks: what comes behind the page is not looked at.
    for (const task of [...this.#tasks.values()].reverse()) {
      if (matching.length === end) break;
      if (matches(task, query)) matching.push(task);
    }
    return matching.slice(end - size);
  }
}

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
