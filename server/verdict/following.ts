import type { JournalEvent } from '../journal.ts';
import { keep } from './bounded.ts';
import { isAcknowledged, isWhole, type Request } from './facts.ts';
import { isOver } from './sightings.ts';

/** A task that may still be lost sight of. */
interface Open {
  status: string;
  /** The last Get of it was answered whole and unaltered. */
  followed: boolean;
  /** Such a Get showed it as over. */
  seenOver: boolean;
  /** When Get was last shown it as it stood before. */
  regressedAt: number;
}

/** A create that was carried out. */
export interface Create {
  readonly task: string;
  readonly seq: number;
}

/**
 * Which tasks are followed: the last Get was answered with 200, whole and unaltered, or showed that the task is over; or it was
 * deleted; or a callback on it was acknowledged. A List shows a task, and follows it not. Any client of the account may follow.
 */
export class Following {
  /** Those that nobody has seen to their end. */
  readonly #open = new Map<string, Open>();
  /** Each task of this run, and its status now; `deleted`, once it is. */
  readonly #made = new Map<string, string>();
  /** When Get was last shown a task as it stood before. */
  readonly #regressed = new Map<string, number>();
  readonly #accounts = new Map<string, Create[]>();
  /** When the latest callback on a task was sent. */
  readonly #called = new Map<string, number>();

  /** Whether a task was made in this run. */
  isMade(task: string): boolean {
    return this.#made.has(task);
  }

  /** Whether a task can be asked for. */
  exists(task: string): boolean {
    return this.#made.has(task) && this.#made.get(task) !== 'deleted';
  }

  /** The status that an answer to a Get shows; undefined where it shows none that a client can read.
   * Call it while the request is being answered. */
  statusShownBy(request: Request): string | undefined {
    const { received, answer, asked: task } = request;
    if (task === undefined || answer?.status !== 200 || answer.altered || !isWhole(request)) return undefined;
    return (this.#regressed.get(task) ?? 0) > received.seq ? 'regressed' : this.#made.get(task);
  }

  /** The sequence number of the latest callback on a task; 0 where there is none. */
  calledAt(task: string): number {
    return this.#called.get(task) ?? 0;
  }

  isFollowed(task: string): boolean {
    return this.#open.get(task)?.followed ?? true;
  }

  /** Whether a task is followed for good. */
  isSettled(task: string): boolean {
    return !this.#open.has(task);
  }

  /** The same, or its end was shown by a Get that may still turn out not to have arrived. */
  isSeenOver(task: string): boolean {
    return this.#open.get(task)?.seenOver ?? true;
  }

  /** The equal creates of an account after one, by whichever client. */
  laterOf({ account, intent, seq }: JournalEvent<'task.created'>): readonly Create[] {
    return account !== undefined && intent !== undefined
      ? (this.#accounts.get(`${account} ${intent}`)?.filter((other) => other.seq > seq) ?? [])
      : [];
  }

  learn(event: JournalEvent): void {
    switch (event.type) {
      case 'task.created':
        this.#open.set(event.task, { status: 'queued', followed: false, seenOver: false, regressedAt: 0 });
        keep(this.#made, event.task, 'queued', TASKS_KEPT);
        this.#noteCreate(event);
        break;
      case 'task.changed': {
        const open = this.#open.get(event.task);
        if (this.#made.has(event.task)) this.#made.set(event.task, event.to);
        if (event.to === 'cancelled') this.#open.delete(event.task);
        else if (open) open.status = event.to;
        break;
      }
      case 'task.regressed': {
        const open = this.#open.get(event.task);
        if (open) open.regressedAt = event.seq;
        keep(this.#regressed, event.task, event.seq, TASKS_KEPT);
        break;
      }
      case 'task.deleted':
        this.#open.delete(event.task);
        if (this.#made.has(event.task)) this.#made.set(event.task, 'deleted');
        break;
      case 'callback.sent':
        keep(this.#called, event.task, event.seq, TASKS_KEPT);
        break;
      case 'callback.answered':
        if (isAcknowledged(event) && !event.spoilt) this.#open.delete(event.task);
        break;
    }
  }

  /** A request has been answered or cut, perhaps the former before the latter. */
  noteEnd(request: Request): void {
    const { received, answer, asked } = request;
    const open = asked === undefined ? undefined : this.#open.get(asked);
    if (!open) return;
    open.followed = isWhole(request) && answer?.status === 200 && !answer.altered;
    open.seenOver = open.followed && isOver(open.status) && open.regressedAt < received.seq;
  }

  /** The end of a request is settled. */
  settle({ asked }: Request): void {
    if (asked !== undefined && this.#open.get(asked)?.seenOver) this.#open.delete(asked);
  }

  #noteCreate({ account, intent, task, seq }: JournalEvent<'task.created'>): void {
    if (account === undefined || intent === undefined) return;
    const key = `${account} ${intent}`;
    // What is followed for good can be nobody's lost create, but it may be the repetition of one that came before.
    const before = this.#accounts.get(key) ?? [];
    const hasLost = before.some((create) => !this.isFollowed(create.task));
    keep(this.#accounts, key, [...(hasLost ? before.slice(-CREATES_KEPT) : []), { task, seq }], TASKS_KEPT);
  }
}

/** How many tasks of a run are remembered, the newest; by a client no fewer of its own. */
export const TASKS_KEPT = 20_000;
/** How many equal creates of an account are remembered. */
const CREATES_KEPT = 100;
