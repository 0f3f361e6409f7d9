import type { CallbackPlan } from '../faults/plans.ts';
import type { CallbackNews } from '../journal.ts';
import type { Lane } from '../lane.ts';
import { spoilBody } from './callback-body.ts';
import { createEventCheck, EVENT_SCHEMA_VERSION } from './callback-contract.ts';
import { Courier, type Departure } from './callback-courier.ts';
import { type Callback, describeNews, headersOf } from './callback-news.ts';
import { DeadLetters } from './dead-letters.ts';
import { isTerminal, type Task } from './task.ts';
import type { RenderTask } from './task-json.ts';
import type { TaskStore } from './task-store.ts';

/** How many callbacks may be under way, those that wait included; more are not sent, and the journal says so. */
export const MAX_CALLBACKS = 10_000;

const AT_ONCE: Departure = { delayMs: 0, copies: 0 };

/** What callbacks work on. */
export interface CallbacksDeps {
  readonly lane: Lane;
  readonly tasks: TaskStore;
  readonly renderTask: RenderTask;
}

/**
 * Tells receivers of every new status of their tasks (reference, Ark API section 9): one POST each, tried again as its retry class
 * says until it is acknowledged by 2xx or given up. Nothing waits for a callback: not the task, and not the next callback, which
 * may overtake one that is being retried.
 */
export class Callbacks {
  /** Those that were given up. */
  readonly deadLetters: DeadLetters;
  readonly #deps: CallbacksDeps;
  readonly #courier: Courier;
  readonly #underWay = new Set<Promise<void>>();
  readonly #unsubscribe: () => void;
  #checkEvent: ReturnType<typeof createEventCheck> | undefined;
  #callOff = new AbortController();
  #count = 0;

  constructor(deps: CallbacksDeps) {
    this.#deps = deps;
    this.deadLetters = new DeadLetters(deps.lane);
    this.#courier = new Courier(deps.lane);
    this.#unsubscribe = deps.tasks.onStatus((task) => {
      try {
        this.#announce(task);
      } catch (error) {
        // The task goes on: it has done its part.
        deps.lane.journal.bug(error);
      }
    });
  }

  /** Delivers a dead letter anew. It comes back, under its id, if it is not acknowledged this time either.
   * @throws UsageError ADMIN_NOT_FOUND */
  replay(id: string): void {
    this.#send(this.deadLetters.take(id), AT_ONCE, id);
  }

  /** Calls off what is under way and forgets what went before: dead letters, and which receivers are out of rotation. */
  clear(): void {
    this.#callOff.abort();
    this.#callOff = new AbortController();
    this.#courier.clear();
    this.deadLetters.clear();
    this.#count = 0;
  }

  /** Calls off what is under way, for good. */
  async close(): Promise<void> {
    this.#unsubscribe();
    this.clear();
    await Promise.all(this.#underWay);
  }

  /** Asks the scenario, once, how a task's new status will reach its receiver. `cancelled` is not told (section 9). */
  #announce(task: Task): void {
    const { callbackUrl } = task.settings;
    if (callbackUrl === undefined || task.status === 'cancelled') return;
    const { lane, renderTask } = this.#deps;
    const { id, status, caller } = task;
    const plan: CallbackPlan = { dropped: false, delayMs: 0, copies: 0, wrongTask: false, flips: [] };
    const facts = { ...caller.facts, task: id, status };
    lane.strike('callback', facts, { plan, last: isTerminal(task) });
    if (plan.dropped) return;

    const url = new URL(callbackUrl);
    const known = describeNews(task, url);
    const event = renderTask(task, caller.origin);
    this.#holdToContract(known, event);
    const body = spoilBody(event, plan, () => this.#otherThan(id));
    const news =
      body === event ? known : { ...known, spoilt: isJson(body) ? ('altered' as const) : ('unreadable' as const) };
    const letter = { url, headers: headersOf(news, body), body };
    const { class: name } = lane.scenario.callbacks;
    lane.journal.append({ type: 'callback.accepted', ...news, class: name });
    this.#send({ news, letter, class: name, ordinal: ++this.#count }, plan);
  }

  /** Before a fault may spoil it: what does not fit now is our doing.
   * @throws Error that says what does not fit */
  #holdToContract({ bizId, opType }: CallbackNews, event: Buffer): void {
    this.#checkEvent ??= createEventCheck();
    const misfit = this.#checkEvent(event);
    if (misfit === undefined) return;
    throw new Error(`callback of ${bizId} (${opType}) does not fit schema version ${EVENT_SCHEMA_VERSION}: ${misfit}`);
  }

  /** @param deadLetter the id that it had as one, and gets again should it be given up again */
  #send(callback: Callback, departure: Departure, deadLetter?: string): void {
    const { lane } = this.#deps;
    const giveUp = ({ news, letter, class: name, ordinal }: Callback, attempts: number, reason: string) =>
      this.deadLetters.archive({ news, letter, class: name, ordinal, attempts, reason }, deadLetter);
    if (this.#underWay.size >= MAX_CALLBACKS) {
      const reason = `${MAX_CALLBACKS} callbacks are under way already`;
      lane.journal.append({ type: 'callback.failed', ...callback.news, attempt: 1, reason, ms: 0 });
      return giveUp(callback, 0, reason);
    }
    const delivery = { ...callback, acceptedAtMs: lane.clock.now(), signal: this.#callOff.signal, giveUp };
    const work = this.#courier
      .deliver(delivery, departure)
      .catch((error: unknown) => lane.journal.bug(error))
      .finally(() => this.#underWay.delete(work));
    this.#underWay.add(work);
  }

  /** The id of the newest other task; where there is none, one that no task has. */
  #otherThan(id: string): string {
    return this.#deps.tasks.all().find((task) => task.id !== id)?.id ?? 'cgt-00000000000000-none0';
  }
}

function isJson(body: Buffer): boolean {
  try {
    JSON.parse(body.toString());
    return true;
  } catch {
    return false;
  }
}
