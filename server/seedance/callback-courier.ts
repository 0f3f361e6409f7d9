import type { CallbackPlan } from '../faults/plans.ts';
import type { CallbackNews, CallbackTry } from '../journal.ts';
import type { Lane } from '../lane.ts';
import { chance } from '../random.ts';
import type { Callback } from './callback-news.ts';
import { MAX_HELD_TRIES, Rotation } from './callback-rotation.ts';
import { retryInMs } from './callback-schedule.ts';
import { isAcknowledged, reasonFor, type TryOutcome, tryOnce } from './callback-try.ts';
import { Turnstile } from './turnstile.ts';

/** How many POSTs are open at one time; others wait for their turn. */
export const MAX_OPEN_POSTS = 64;

/** When a callback leaves, and how often. */
export type Departure = Pick<CallbackPlan, 'delayMs' | 'heldMs' | 'copies'>;

/** A callback on its way. */
export interface Delivery extends Callback {
  /** Lane time. */
  readonly acceptedAtMs: number;
  /** Calls it off. */
  readonly signal: AbortSignal;
  /** Told when no try was acknowledged and none will follow. */
  readonly giveUp: (undelivered: Callback, attempts: number, reason: string) => void;
}

/** Delivers callbacks: each is tried as its retry class says, but only while its receiver is in rotation. */
export class Courier {
  readonly #lane: Lane;
  readonly #rotation: Rotation;
  readonly #turnstile = new Turnstile(MAX_OPEN_POSTS);

  constructor(lane: Lane) {
    this.#lane = lane;
    this.#rotation = new Rotation(lane);
  }

  /** Lets every receiver back into rotation. What is on its way has to be called off before. */
  clear(): void {
    this.#rotation.clear();
  }

  /** Waits as long as a plan says, and sends each copy until it is acknowledged or given up. */
  async deliver(delivery: Delivery, { delayMs, heldMs, copies }: Departure): Promise<void> {
    const { news, signal } = delivery;
    const overtaken = heldMs === undefined ? undefined : this.#watchForNext(news);
    await this.#sleep(delayMs, signal);
    if (overtaken) await this.#sleep(heldMs ?? 0, AbortSignal.any([signal, overtaken.signal]));
    overtaken?.stop();
    for (let copy = 1; copy <= 1 + copies; copy++) {
      await this.#tryUntilAcknowledged({ ...delivery, news: { ...news, ...(copy > 1 && { copy }) } });
    }
  }

  async #tryUntilAcknowledged(delivery: Delivery): Promise<void> {
    const { news, ordinal, signal } = delivery;
    const { seed, id } = this.#lane;
    for (let attempt = 1; ; attempt++) {
      const roll = chance(seed, id, 'callback', ordinal, news.copy ?? 1, news.replay ?? 0, attempt);
      const pauseMs = retryInMs(delivery.class, attempt, roll);
      const outcome = await this.#tryInRotation(delivery, attempt, pauseMs);
      if (!outcome || isAcknowledged(outcome)) return;
      if (outcome.how === 'refused' || pauseMs === undefined) {
        return delivery.giveUp(delivery, attempt, reasonFor(outcome));
      }
      await this.#sleep(pauseMs, signal);
    }
  }

  /** Tries once, as soon as the receiver is in rotation and there is a place among the open POSTs.
   * @returns undefined when it was called off */
  async #tryInRotation(
    delivery: Delivery,
    attempt: number,
    pauseMs: number | undefined,
  ): Promise<TryOutcome | undefined> {
    const { journal } = this.#lane;
    const receiver = delivery.letter.url.origin;
    const tried: CallbackTry = { ...delivery.news, attempt };
    for (;;) {
      if (delivery.signal.aborted) return undefined;
      const pass = await this.#rotation.enter(receiver, (place) =>
        journal.append({ type: 'callback.held', ...tried, receiver, place }),
      );
      if (pass === 'called-off') return undefined;
      if (pass === 'full') {
        const reason = `${MAX_HELD_TRIES} callbacks wait for ${receiver} already`;
        journal.append({ type: 'callback.failed', ...tried, reason, ms: 0 });
        return { how: 'refused', reason };
      }
      const outcome = await this.#turnstile.pass(async () => {
        // The receiver may have gone out of rotation while this one stood in line.
        if (!pass.holds()) return 'again';
        const came = await this.#tryNow(delivery, tried, pauseMs);
        if (came) pass.settle(came.how === 'refused' ? 'failed' : came.how);
        return came;
      });
      if (outcome !== 'again') return outcome;
    }
  }

  async #tryNow(
    { letter, acceptedAtMs, signal }: Delivery,
    tried: CallbackTry,
    pauseMs: number | undefined,
  ): Promise<TryOutcome | undefined> {
    const { clock, journal } = this.#lane;
    if (signal.aborted) return undefined;
    journal.append({ type: 'callback.sent', ...tried });
    const sentAtMs = clock.now();
    const outcome = await tryOnce(letter, this.#lane, signal);
    if (signal.aborted) return undefined;
    const nowMs = clock.now();
    const ms = Math.round(nowMs - sentAtMs);
    const acknowledged = isAcknowledged(outcome);
    const retry = acknowledged || outcome.how === 'refused' || pauseMs === undefined ? {} : { retryInMs: pauseMs };
    if (outcome.how === 'answered') {
      const latency = acknowledged ? { latencyMs: Math.round(nowMs - acceptedAtMs) } : {};
      const replayed = outcome.replayed && { replayed: true as const };
      journal.append({
        type: 'callback.answered',
        ...tried,
        code: outcome.code,
        ms,
        ...retry,
        ...latency,
        ...replayed,
      });
    } else {
      const { how, reason } = outcome;
      const timedOut = how === 'timed-out' && ({ timedOut: true } as const);
      journal.append({ type: 'callback.failed', ...tried, reason, ...timedOut, ms, ...retry });
    }
    return outcome;
  }

  /** Aborts once the next callback of the same task has been answered, or has failed to be. */
  #watchForNext({ task, version }: CallbackNews): { readonly signal: AbortSignal; readonly stop: () => void } {
    const next = new AbortController();
    const stop = this.#lane.journal.subscribe((event) => {
      if (event.type !== 'callback.answered' && event.type !== 'callback.failed') return;
      if (event.task === task && event.version === version + 1) next.abort();
    });
    return { signal: next.signal, stop };
  }

  #sleep(ms: number, signal: AbortSignal): Promise<void> {
    return ms > 0 ? this.#lane.clock.sleep(ms, signal) : Promise.resolve();
  }
}
