import type { Redis } from 'ioredis';
import type { Received } from '../support/receiver.ts';

/** Takes callbacks, and counts one payment for each task that succeeded. */
export interface Payments {
  readonly count: number;
  take(callback: Received): Promise<void>;
}

const tellsOfSuccess = ({ body }: Received): boolean => JSON.parse(body).status === 'succeeded';

/** What tells a callback from the next (reference, D3). */
export function keyOf({ headers }: Received): string {
  const { 'biz-id': bizId, 'op-type': opType, version } = headers;
  return `${bizId}:${opType}:${version}`;
}

/** As long as the service may deliver again (reference, D3). */
export const KEPT_SECONDS = 24 * 3_600;

/** Takes every callback for news. */
export class NaivePayments implements Payments {
  count = 0;

  async take(callback: Received): Promise<void> {
    if (tellsOfSuccess(callback)) this.count++;
  }
}

/** Acts once on each key, as long as it is alone: it keeps the keys to itself. */
export class IdempotentPayments implements Payments {
  count = 0;
  readonly #now: () => number;
  /** When each key was seen first, oldest first. */
  readonly #seen = new Map<string, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  async take(callback: Received): Promise<void> {
    const key = keyOf(callback);
    this.#forget();
    if (this.#seen.has(key)) return;
    this.#seen.set(key, this.#now());
    if (tellsOfSuccess(callback)) this.count++;
  }

  #forget(): void {
    for (const [key, seenAt] of this.#seen) {
      if (this.#now() - seenAt < KEPT_SECONDS * 1_000) return;
      this.#seen.delete(key);
    }
  }
}

/** Acts once on each key, however many consumers there are: whoever is the first to set it in Redis. */
export class SharedPayments implements Payments {
  count = 0;
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  async take(callback: Received): Promise<void> {
    const first = await this.#redis.set(keyOf(callback), 'seen', 'EX', KEPT_SECONDS, 'NX');
    if (first === 'OK' && tellsOfSuccess(callback)) this.count++;
  }
}
