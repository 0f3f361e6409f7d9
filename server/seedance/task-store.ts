import type { Timer } from '../clock.ts';
import { problem, UsageError } from '../errors.ts';
import type { TaskPlan, Workers } from '../faults/plans.ts';
import type { Lane } from '../lane.ts';
import { randomText } from '../random.ts';
import type { TaskSettings } from './create-request.ts';
import { Dispatcher, type Job, UNLIMITED } from './dispatcher.ts';
import { ArkError, invalid, messageOf, signMessage } from './errors.ts';
import { intentOf, type Wanted } from './intent.ts';
import { findLateError } from './late-error.ts';
import { type Account, poolOf, RateLimits, runningLimit } from './limits.ts';
import { type Applicant, Places } from './places.ts';
import { createRequestIds } from './request-id.ts';
import {
  type Caller,
  isForgotten,
  isTerminal,
  nextStatuses,
  type Task,
  type TaskError,
  type TaskStatus,
} from './task.ts';
import { toChinaTime } from './timestamps.ts';

/** How many tasks a lane keeps; the oldest that are over make room for new ones. */
export const MAX_TASKS = 10_000;

const MAX_SEED = 2 ** 31 - 1;
const ID_ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

const UNKNOWN_CALLER: Caller = { origin: 'https://localhost', facts: {} };

interface Entry {
  task: Task;
  readonly plan: TaskPlan;
  /** Who runs it, and what there is to do. */
  readonly dispatcher: Dispatcher;
  readonly job: Job;
  /** Its wish for one of the places that the account may fill. */
  readonly applicant: Applicant;
  /** When it asks for a worker, and when it expires; both are cancelled once it is over. */
  step?: Timer;
  expiry?: Timer;
  /** The copy that Get shows again, once the one after it was seen. */
  old?: { readonly task: Task; seen: boolean; left: number };
}

/** The tasks of one lane, and the clockwork that takes them through their lives (reference, section 6). */
export class TaskStore {
  readonly #lane: Lane;
  readonly #nextRequestId: () => string;
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Set<(task: Task) => void>();
  readonly #dispatchers = new WeakMap<Workers, Dispatcher>();
  readonly #rates: RateLimits;
  readonly #places = new Places();

  constructor(lane: Lane) {
    this.#lane = lane;
    this.#nextRequestId = createRequestIds(lane);
    this.#rates = new RateLimits(lane);
    lane.onScenario(() => this.#places.look());
  }

  /** Counts a call against the limits of whoever makes it.
   * @throws ArkError 429 */
  admit(call: 'get' | 'list' | 'delete', account: Account): void {
    this.#rates.admit(call, account);
  }

  /** Takes a task into the queue and asks the scenario, once, how its life will go.
   * @throws ArkError 429 when a limit is reached, or all the room is taken by tasks that are not over */
  create(wanted: Wanted, caller: Caller = UNKNOWN_CALLER): Task {
    const { settings, prompt } = wanted;
    const account = caller.facts.client ?? '';
    this.#checkDraft(settings);
    const leaving = this.#findLeaving();
    // Last, as what is refused for another reason does not count; and before anything changes.
    if (this.#lane.scenario.limits) this.#rates.admitCreate(settings, account, this.#queuedBy(account));
    if (leaving !== undefined) this.#entries.delete(leaving);
    const { clock, journal, scenario } = this.#lane;
    const task = this.#newTask(settings, caller, clock.now());
    const { queued, running, outcome } = scenario.tasks;
    const late = findLateError(settings);
    const plan: TaskPlan = { queuedMs: queued, runningMs: running, outcome: late ? 'failed' : outcome };
    if (late) plan.error = { code: late, message: '' };
    const { connection } = caller.facts;
    const { request } = caller;
    const call = connection !== undefined && request !== undefined && { connection, request };
    journal.append({
      ...{ type: 'task.created', task: task.id, model: settings.model.id, ...call },
      ...(account !== '' && { account }),
      ...intentOf(wanted),
    });
    this.#lane.strike('task', { ...caller.facts, task: task.id, model: settings.requestedModel, prompt }, { plan });
    const dispatcher = this.#dispatcherOf(plan.dispatcher);
    if (plan.workerLoss) dispatcher.lose(plan.workerLoss);
    const job = this.#jobOf(task.id, plan);
    const applicant: Applicant = {
      pool: poolOf(account, settings),
      priority: settings.priority,
      allowed: () => runningLimit(this.#lane, settings),
      begin: () => dispatcher.offer(job),
    };
    const entry: Entry = { task, plan, dispatcher, job, applicant };
    this.#entries.set(task.id, entry);
    this.#tell(task);
    const expiresMs = plan.expiresAfterMs ?? settings.expiresAfterSeconds * 1_000 + (plan.expiresLateMs ?? 0);
    if (expiresMs === 0) this.#move(entry, 'expired');
    else this.#start(entry, expiresMs);
    return entry.task;
  }

  /** The task, unless it is unknown, deleted or forgotten. */
  get(id: string): Task | undefined {
    const task = this.#entries.get(id)?.task;
    return task && !isForgotten(task, this.#lane.clock.now()) ? task : undefined;
  }

  /** The task as Get answers it: not while it is hidden, and now and then as it stood before. */
  show(id: string): Task | undefined {
    const entry = this.#entries.get(id);
    if (!entry || !this.#isShown(entry)) return undefined;
    return entry.old ? this.#lookBack(entry, entry.old) : entry.task;
  }

  /** Whether Get may answer a task as it stood before. */
  looksBack(id: string): boolean {
    return this.#entries.get(id)?.old !== undefined;
  }

  /** Every task that is not forgotten, newest first. */
  all(): readonly Task[] {
    const nowMs = this.#lane.clock.now();
    const tasks = [...this.#entries.values()].map(({ task }) => task);
    return tasks.filter((task) => !isForgotten(task, nowMs)).reverse();
  }

  /** Every task as List answers them: without those that are hidden still. */
  listed(): readonly Task[] {
    const shown = [...this.#entries.values()].filter((entry) => this.#isShown(entry));
    return shown.map(({ task }) => task).reverse();
  }

  /** What DELETE does: cancels a queued task, removes one that is over (reference, section 5).
   * @throws ArkError 404 for an unknown task, 409 for one that is running or cancelled */
  remove(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry || !this.#isShown(entry)) throw new ArkError('ResourceNotFound', { subject: id });
    switch (entry.task.status) {
      case 'queued':
        this.#move(entry, 'cancelled');
        break;
      case 'running':
        throw new ArkError('InvalidAction.RunningTaskDeletion', { subject: id });
      case 'cancelled':
        throw new ArkError('InvalidAction.RunningTaskDeletion', { subject: id, reason: 'already cancelled' });
      case 'succeeded':
      case 'failed':
      case 'expired':
        this.#lane.journal.append({ type: 'task.deleted', task: id });
        this.#entries.delete(id);
    }
  }

  /** Moves a task by hand, along the arrows that exist.
   * @throws UsageError for an unknown task or an arrow that does not exist */
  transition(id: string, to: string): Task {
    const entry = this.get(id) && this.#entries.get(id);
    if (!entry) throw new UsageError([problem('ADMIN_NOT_FOUND', { what: `task "${id}"` })]);
    const { status } = entry.task;
    const next = nextStatuses(status).find((known) => known === to);
    if (!next) {
      const ways = nextStatuses(status).join(', ') || 'nothing, it is over';
      const reason = `A task that is ${status} cannot become "${to}"; it can become: ${ways}.`;
      throw new UsageError([problem('ADMIN_BAD_REQUEST', { reason })]);
    }
    if (next === 'running') {
      entry.step?.cancel();
      this.#places.take(entry.applicant);
      entry.dispatcher.run(entry.job);
    } else this.#move(entry, next);
    return entry.task;
  }

  /** Calls `hear` with every task that is created or has a new status, from now on, until the returned function is called. */
  onStatus(hear: (task: Task) => void): () => void {
    this.#listeners.add(hear);
    return () => this.#listeners.delete(hear);
  }

  /** Forgets every task and stops what was due. */
  clear(): void {
    // First, or the places and the workers of the tasks that are stopped would start others.
    this.#places.clear();
    this.#rates.clear();
    for (const dispatcher of new Set([...this.#entries.values()].map((entry) => entry.dispatcher))) dispatcher.clear();
    for (const entry of this.#entries.values()) this.#stop(entry);
    this.#entries.clear();
  }

  /** Stops the clockwork for good. */
  close(): void {
    this.clear();
  }

  #isShown({ task, plan }: Entry): boolean {
    const nowMs = this.#lane.clock.now();
    return !isForgotten(task, nowMs) && nowMs - task.createdAtMs >= (plan.hiddenMs ?? 0);
  }

  #lookBack({ task, plan }: Entry, old: NonNullable<Entry['old']>): Task {
    const turn = old.seen && old.left > 0;
    old.seen ||= task.status === plan.regress?.from;
    if (!turn) return task;
    old.left--;
    this.#lane.journal.append({ type: 'task.regressed', task: task.id, from: task.status, to: old.task.status });
    return old.task;
  }

  #start(entry: Entry, expiresMs: number): void {
    const { clock } = this.#lane;
    const { plan, applicant } = entry;
    const { stickIn, queuedMs, stretch = 1 } = plan;
    entry.expiry = clock.after(expiresMs, () => this.#move(entry, 'expired'));
    if (stickIn !== 'queued') entry.step = clock.after(queuedMs * stretch, () => this.#places.apply(applicant));
  }

  #dispatcherOf(workers: Workers = UNLIMITED): Dispatcher {
    const known = this.#dispatchers.get(workers);
    if (known) return known;
    const dispatcher = new Dispatcher(this.#lane, workers);
    this.#dispatchers.set(workers, dispatcher);
    return dispatcher;
  }

  #jobOf(id: string, { stickIn, runningMs, stretch = 1, outcome }: TaskPlan): Job {
    const move = (to: TaskStatus) => () => {
      const entry = this.#entries.get(id);
      if (entry) this.#move(entry, to);
    };
    return {
      task: id,
      serviceMs: stickIn === 'running' ? Number.POSITIVE_INFINITY : runningMs * stretch,
      begin: move('running'),
      finish: move(outcome),
      fail: move('failed'),
      drop: () => {
        const entry = this.#entries.get(id);
        if (!entry) return;
        entry.task = { ...entry.task, dropped: true };
        // Or a task that never runs would keep others from running.
        this.#places.leave(entry.applicant);
      },
    };
  }

  #move(entry: Entry, to: TaskStatus): void {
    const { task, plan } = entry;
    const { clock, journal } = this.#lane;
    journal.append({ type: 'task.changed', task: task.id, from: task.status, to });
    entry.task = {
      ...task,
      status: to,
      version: task.version + 1,
      updatedAtMs: clock.now(),
      ...(to === 'failed' && { error: this.#failure(plan) }),
    };
    if (to === plan.regress?.from) entry.old = { task, seen: false, left: plan.regress.times };
    // First, or the task that its worker takes next would be told of before it.
    this.#tell(entry.task);
    if (isTerminal(entry.task)) this.#stop(entry);
  }

  #tell(task: Task): void {
    for (const hear of this.#listeners) hear(task);
  }

  #failure({ error }: TaskPlan): TaskError {
    const code = error?.code ?? 'InternalServiceError';
    return { code, message: signMessage(error?.message || messageOf(code), this.#nextRequestId()) };
  }

  #newTask(settings: TaskSettings, caller: Caller, nowMs: number): Task {
    const { random } = this.#lane;
    const draw = (min: number, max: number) => min + Math.floor(random() * (max - min + 1));
    const { min, max } = settings.model.seconds;
    const { seed, length } = settings;
    return {
      id: this.#newId(settings, nowMs),
      status: 'queued',
      settings,
      caller,
      version: 1,
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
      chosen: {
        seed: seed === -1 ? draw(0, MAX_SEED) : seed,
        length: 'seconds' in length && length.seconds === -1 ? { seconds: draw(min, max) } : length,
      },
      fileId: this.#nextRequestId(),
    };
  }

  /** An id as in `cgt-20260521225953-zr48p`; the offline tier has its own kind (reference, section 2). */
  #newId({ serviceTier }: TaskSettings, nowMs: number): string {
    const head = `${serviceTier === 'flex' ? 'cgt-batch' : 'cgt'}-${toChinaTime(nowMs)}`;
    const draw = () => `${head}-${randomText(this.#lane.random, ID_ALPHABET, 5)}`;
    let id = draw();
    while (this.#entries.has(id)) id = draw();
    return id;
  }

  /** A final version is made from a draft that is there and has come out (reference, section 2.2).
   * @throws ArkError 400, in words of our own: the service's are not known */
  #checkDraft({ draftTaskId: id }: TaskSettings): void {
    if (id === undefined) return;
    const draft = this.get(id);
    const what = `the specified draft task ${id}`;
    if (!draft) throw invalid('content.draft_task.id', `${what} is not found`);
    if (!draft.settings.draft) throw invalid('content.draft_task.id', `${what} is not a draft`);
    if (draft.status !== 'succeeded') throw invalid('content.draft_task.id', `${what} has not succeeded`);
  }

  #queuedBy(account: Account): number {
    let queued = 0;
    for (const { task } of this.#entries.values())
      if (task.status === 'queued' && (task.caller.facts.client ?? '') === account) queued++;
    return queued;
  }

  #stop({ dispatcher, job, applicant, step, expiry }: Entry): void {
    step?.cancel();
    expiry?.cancel();
    dispatcher.withdraw(job);
    this.#places.leave(applicant);
  }

  /** The task that makes room for a new one, if one must.
   * @throws ArkError 429 when none is over */
  #findLeaving(): string | undefined {
    if (this.#entries.size < MAX_TASKS) return undefined;
    for (const [id, { task }] of this.#entries) if (isTerminal(task)) return id;
    throw new ArkError('QuotaExceeded');
  }
}
