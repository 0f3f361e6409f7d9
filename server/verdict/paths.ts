import { keep } from './bounded.ts';

const TASK = /\/contents\/generations\/tasks\/([^/?]+)(?:\?|$)/;
const ALL_TASKS = /\/contents\/generations\/tasks\/?(?:\?|$)/;
const NO_TASKS: readonly string[] = [];
const RESULT = /\.(?:mp4|mov|jpg)$/;

/** How many paths are remembered, the newest. */
const TARGETS_KEPT = 5_000;

/** What a path asks for. */
export class Target {
  /** Without the query. */
  readonly path: string;
  /** Left out where there is none. */
  readonly query: string | undefined;
  /** The task that it names. */
  readonly task: string | undefined;
  /** It is that of all tasks: a GET lists them, a POST creates one. */
  readonly isTasks: boolean;
  /** The tasks that a List asks for by their ids; none where it asks for all. */
  readonly listed: readonly string[];
  /** It is that of a result, whichever port it came to. */
  readonly isResult: boolean;
  readonly #places = new Map<string, Place>();

  constructor(path: string) {
    const end = path.indexOf('?');
    this.path = end < 0 ? path : path.slice(0, end);
    this.query = end < 0 ? undefined : path.slice(end + 1);
    this.task = TASK.exec(path)?.[1];
    this.isTasks = ALL_TASKS.test(path);
    const asksForSome = this.isTasks && this.query !== undefined;
    this.listed = asksForSome ? new URLSearchParams(this.query).getAll('filter.task_ids') : NO_TASKS;
    this.isResult = RESULT.test(this.path);
  }

  asked(method: string): Place {
    let place = this.#places.get(method);
    if (!place) {
      const { path, query, task, isResult } = this;
      const kind = task === undefined ? `${method} ${path}` : `${method} task`;
      place = {
        key: `${method} ${path}${task === undefined && query !== undefined ? `?${query}` : ''}`,
        kind: isResult ? 'result' : kind,
      };
      this.#places.set(method, place);
    }
    return place;
  }
}

/** A path and a method. */
interface Place {
  /** The query of a task's own path means nothing: some clients put the time there, to evade a cache. */
  readonly key: string;
  /** What a limit of the service counts together: what refuses a create says nothing of polls. */
  readonly kind: string;
}

const targets = new Map<string, Target>();

/** Works out once what a path asks for: each request brings it as another string, and many want to know. */
export function targetOf(path: string): Target {
  let target = targets.get(path);
  if (!target) {
    target = new Target(path);
    keep(targets, path, target, TARGETS_KEPT);
  }
  return target;
}
