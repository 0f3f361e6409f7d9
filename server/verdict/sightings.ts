import type { JournalEvent } from '../journal.ts';
import type { Evidence, Request } from './evidence.ts';

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
}

/** A Get or List that was answered with 200, by the service itself. */
interface Look {
  readonly type: 'look';
  /** Of its answer. */
  readonly seq: number;
  readonly sinceSeq: number;
  /** With its query. */
  readonly path: string;
}

/**
 * The tasks that a Get or List showed as over, to any client. What a List showed follows from its query and from what had become
 * of the tasks by then; a Get may have been shown a task as it stood before.
 */
export function findSeen({ of, connections }: Evidence): ReadonlySet<string> {
  const news = [...of('task.created'), ...of('task.changed'), ...of('task.deleted')];
  const looks = [...connections.values()].flatMap(({ requests }) => requests.flatMap((one) => lookOf(one) ?? []));
  const regressed = of('task.regressed');
  const tasks = new Map<string, KnownTask>();
  const seen = new Set<string>();
  for (const step of [...news, ...looks].sort((a, b) => a.seq - b.seq)) {
    if (step.type !== 'look') {
      learn(tasks, step);
      continue;
    }
    const stale = new Set(regressed.filter(({ seq }) => seq > step.sinceSeq && seq < step.seq).map(({ task }) => task));
    for (const { id, status } of shownBy(step, tasks)) if (isOver(status) && !stale.has(id)) seen.add(id);
  }
  return seen;
}

function learn(
  tasks: Map<string, KnownTask>,
  news: JournalEvent<'task.created' | 'task.changed' | 'task.deleted'>,
): void {
  const id = news.task;
  const known = tasks.get(id);
  if (news.type === 'task.created') tasks.set(id, { id, model: news.model, status: 'queued' });
  else if (news.type === 'task.deleted') tasks.delete(id);
  else if (known) tasks.set(id, { ...known, status: news.to });
}

function lookOf({ received, answer, cut }: Request): Look | undefined {
  if (received.method !== 'GET' || answer?.status !== 200 || answer.altered || cut) return undefined;
  return { type: 'look', seq: answer.seq, sinceSeq: received.seq, path: received.path };
}

function shownBy({ path }: Look, tasks: ReadonlyMap<string, KnownTask>): readonly KnownTask[] {
  const [, id] = TASK.exec(path) ?? [];
  if (id !== undefined) return [tasks.get(id) ?? []].flat();
  const [, query] = LIST.exec(path) ?? [];
  return query === undefined ? [] : pageOf(new URLSearchParams(query), tasks);
}

function pageOf(query: URLSearchParams, tasks: ReadonlyMap<string, KnownTask>): readonly KnownTask[] {
  const size = Number(query.get('page_size') ?? PAGE_SIZE);
  const end = Number(query.get('page_num') ?? 1) * size;
  const matching: KnownTask[] = [];
  // A run may hold thousands of Lists of thousands of tasks: what comes behind the page is not looked at.
  for (const task of [...tasks.values()].reverse()) {
    if (matching.length === end) break;
    if (matches(task, query)) matching.push(task);
  }
  return matching.slice(end - size);
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
