import { reasonOf } from '../errors.ts';
import type { CallbackPlan } from '../faults/plans.ts';
import type { CallbackTry } from '../journal.ts';
import type { Lane } from '../lane.ts';
import { renderDuration } from '../scenario/duration.ts';
import { Refused } from './callback-address.ts';
import { spoilBody } from './callback-body.ts';
import { describeNews, headersOf, type News } from './callback-news.ts';
import { type Letter, post } from './callback-post.ts';
import { isTerminal, type Task } from './task.ts';
import type { RenderTask } from './task-json.ts';
import type { TaskStore } from './task-store.ts';
import { Turnstile } from './turnstile.ts';

/** How long an answer is waited for, and the pauses before further tries (reference, Ark API section 9), in lane time. */
export const ANSWER_WITHIN_MS = 5_000;
export const RETRY_AFTER_MS = [1_000, 2_000, 4_000] as const;

/** How many POSTs are open at one time; others wait for their turn. */
export const MAX_OPEN_POSTS = 64;

/** How many callbacks may be under way, those that wait included; more are not sent, and the journal says so. */
export const MAX_CALLBACKS = 10_000;

/** What callbacks work on. */
export interface CallbacksDeps {
  readonly lane: Lane;
  readonly tasks: TaskStore;
  readonly renderTask: RenderTask;
}

/** What came of one try, and whether another may help. */
type Outcome = { readonly again: boolean } & ({ readonly code: number } | { readonly reason: string });

/**
 * Tells receivers of every new status of their tasks (reference, Ark API section 9): one POST each, tried again until it is
 * acknowledged by 2xx or four tries are over. Nothing waits for a callback: not the task, and not the next callback, which
 * may overtake one that is being retried.
 */
export class Callbacks {
  readonly #deps: CallbacksDeps;
  readonly #closing = new AbortController();
  readonly #turnstile = new Turnstile(MAX_OPEN_POSTS);
  readonly #underWay = new Set<Promise<void>>();
  readonly #unsubscribe: () => void;

  constructor(deps: CallbacksDeps) {
    this.#deps = deps;
    this.#unsubscribe = deps.tasks.onStatus((task) => this.#announce(task));
  }

  /** Calls off what is under way. */
  async close(): Promise<void> {
    this.#unsubscribe();
    this.#closing.abort();
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
    const news = describeNews(task, url);
    if (this.#underWay.size >= MAX_CALLBACKS) {
      const reason = `${MAX_CALLBACKS} callbacks are under way already`;
      return lane.journal.append({ type: 'callback.failed', ...news, attempt: 1, reason, ms: 0 });
    }
    const body = spoilBody(renderTask(task, caller.origin), plan, () => this.#otherThan(id));
    const delivery = this.#deliver({ url, headers: headersOf(news, body), body }, news, plan)
      .catch((error: unknown) => this.#noteBug(error))
      .finally(() => this.#underWay.delete(delivery));
    this.#underWay.add(delivery);
  }

  async #deliver(letter: Letter, news: News, { delayMs, heldMs, copies }: CallbackPlan): Promise<void> {
    const overtaken = heldMs === undefined ? undefined : this.#watchForNext(news);
    await this.#sleep(delayMs);
    if (overtaken) await this.#sleep(heldMs ?? 0, overtaken.signal);
    overtaken?.stop();
    for (let copy = 1; copy <= 1 + copies; copy++) {
      await this.#tryUntilAcknowledged(letter, { ...news, ...(copy > 1 && { copy }) });
    }
  }

  async #tryUntilAcknowledged(letter: Letter, news: Omit<CallbackTry, 'attempt'>): Promise<void> {
    for (const [index, retryInMs] of [...RETRY_AFTER_MS, undefined].entries()) {
      const again = await this.#turnstile.pass(() => this.#tryOnce(letter, { ...news, attempt: index + 1 }, retryInMs));
      if (!again || retryInMs === undefined) return;
      await this.#sleep(retryInMs);
    }
  }

  /** @returns whether to try again */
  async #tryOnce(letter: Letter, news: CallbackTry, retryInMs: number | undefined): Promise<boolean> {
    const { clock, journal } = this.#deps.lane;
    if (this.#closing.signal.aborted) return false;
    journal.append({ type: 'callback.sent', ...news });
    const sentAt = clock.now();
    const { again, ...outcome } = await this.#post(letter);
    if (this.#closing.signal.aborted) return false;
    const ms = Math.round(clock.now() - sentAt);
    const retry = again && retryInMs !== undefined ? { retryInMs } : {};
    journal.append(
      'code' in outcome
        ? { type: 'callback.answered', ...news, code: outcome.code, ms, ...retry }
        : { type: 'callback.failed', ...news, reason: outcome.reason, ms, ...retry },
    );
    return again;
  }

  async #post(letter: Letter): Promise<Outcome> {
    const { clock, scenario } = this.#deps.lane;
    const patience = new AbortController();
    const timer = clock.after(ANSWER_WITHIN_MS, () => patience.abort());
    const signal = AbortSignal.any([this.#closing.signal, patience.signal]);
    try {
      const code = await post(letter, scenario.callbacks.allow, signal);
      return { code, again: code < 200 || code >= 300 };
    } catch (error) {
      const late = patience.signal.aborted && `no answer within ${renderDuration(ANSWER_WITHIN_MS)}`;
      // Of a name with several addresses Node tells only the code.
      const reason = late || reasonOf(error) || String((error as NodeJS.ErrnoException).code);
      return { reason, again: !(error instanceof Refused) };
    } finally {
      timer.cancel();
    }
  }

  /** Aborts once the next callback of the same task has been answered, or has failed to be. */
  #watchForNext({ task, version }: News): { readonly signal: AbortSignal; readonly stop: () => void } {
    const next = new AbortController();
    const stop = this.#deps.lane.journal.subscribe((event) => {
      if (event.type !== 'callback.answered' && event.type !== 'callback.failed') return;
      if (event.task === task && event.version === version + 1) next.abort();
    });
    return { signal: next.signal, stop };
  }

  /** The id of the newest other task; where there is none, one that no task has. */
  #otherThan(id: string): string {
    return this.#deps.tasks.all().find((task) => task.id !== id)?.id ?? 'cgt-00000000000000-none0';
  }

  #sleep(ms: number, orUntil?: AbortSignal): Promise<void> {
    const closing = this.#closing.signal;
    const signal = orUntil ? AbortSignal.any([closing, orUntil]) : closing;
    return ms > 0 ? this.#deps.lane.clock.sleep(ms, signal) : Promise.resolve();
  }

  #noteBug(error: unknown): void {
    const stack = error instanceof Error ? error.stack : undefined;
    this.#deps.lane.journal.append({ type: 'bug', message: reasonOf(error), ...(stack !== undefined && { stack }) });
  }
}
