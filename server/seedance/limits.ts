import type { Lane } from '../lane.ts';
import { RateWindows } from '../rate-windows.ts';
import type { TaskSettings } from './create-request.ts';
import { ArkError } from './errors.ts';

/** Who calls, as far as limits count: an API key. */
export type Account = string;

const rates = { get: 'getPerSecond', list: 'listPerSecond', delete: 'deletePerSecond' } as const;

/** Versions of a model count together, and 4k by itself (reference, Ark API section 10). */
export const poolOf = (account: Account, { model, resolution }: TaskSettings): string =>
  `${account} ${model.name}${resolution === '4k' ? ' 4k' : ''}`;

/** How many of a pool's tasks may run at once. */
export function runningLimit({ scenario: { limits } }: Lane, { resolution }: TaskSettings): number {
  const own = resolution === '4k' ? (limits?.fourK?.running ?? limits?.running) : limits?.running;
  return own ?? Number.POSITIVE_INFINITY;
}

/** Counts the calls of each account against the limits of the scenario; without limits, none. */
export class RateLimits {
  readonly #lane: Lane;
  readonly #perSecond = new RateWindows(1_000);
  readonly #perMinute = new RateWindows(60_000);

  constructor(lane: Lane) {
    this.#lane = lane;
  }

  /** Counts a Get, List or Delete.
   * @throws ArkError 429 when the account has used up its second */
  admit(call: keyof typeof rates, account: Account): void {
    const limit = rates[call];
    const { clock, journal, scenario } = this.#lane;
    const allowed = scenario.limits?.[limit];
    const [key, nowMs] = [`${call} ${account}`, clock.now()];
    if (allowed === undefined || this.#perSecond.take(key, allowed, nowMs)) return;
    const used = this.#perSecond.taken(key, nowMs);
    journal.append({ type: 'limit.reached', limit, account, used, allowed });
    throw new ArkError('APIAccountRpmRateLimitExceeded');
  }

  /** Counts a create that is about to be carried out.
   * @param queued the account's tasks in `queued`
   * @throws ArkError 429 when the account has used up its minute, or too much of its work waits */
  admitCreate(settings: TaskSettings, account: Account, queued: number): void {
    const { clock, journal, scenario } = this.#lane;
    const { limits } = scenario;
    if (!limits) return;
    if (limits.queued !== undefined && queued >= limits.queued) {
      journal.append({ type: 'limit.reached', limit: 'queued', account, used: queued, allowed: limits.queued });
      throw new ArkError('QuotaExceeded');
    }
    const of4k = settings.resolution === '4k' ? limits.fourK?.createPerMinute : undefined;
    const allowed = of4k ?? limits.createPerMinute;
    const [key, nowMs] = [poolOf(account, settings), clock.now()];
    if (allowed === undefined || this.#perMinute.take(key, allowed, nowMs)) return;
    const limit = of4k === undefined ? 'createPerMinute' : 'fourK.createPerMinute';
    const model = settings.model.name;
    const used = this.#perMinute.taken(key, nowMs);
    journal.append({ type: 'limit.reached', limit, account, model, used, allowed });
    throw new ArkError('ModelAccountRpmRateLimitExceeded', { subject: model });
  }

  /** Forgets what was counted. */
  clear(): void {
    this.#perSecond.clear();
    this.#perMinute.clear();
  }
}
