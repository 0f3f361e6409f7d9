import type { Received } from '../support/receiver.ts';

/** Takes callbacks, and counts one payment for each task that succeeded. */
export interface Payments {
  readonly count: number;
  take(callback: Received): void;
}

const tellsOfSuccess = ({ body }: Received): boolean => JSON.parse(body).status === 'succeeded';

/** Takes every callback for news. */
export class NaivePayments implements Payments {
  count = 0;

  take(callback: Received): void {
    if (tellsOfSuccess(callback)) this.count++;
  }
}

/** As long as the service may deliver again (reference, D3). */
const KEPT_MS = 24 * 3_600_000;

/** Acts once on each `biz-id:op-type:version`. */
export class IdempotentPayments implements Payments {
  count = 0;
  readonly #now: () => number;
  /** When each key was seen first, oldest first. */
  readonly #seen = new Map<string, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  take(callback: Received): void {
    const { 'biz-id': bizId, 'op-type': opType, version } = callback.headers;
    const key = `${bizId}:${opType}:${version}`;
    this.#forget();
    if (this.#seen.has(key)) return;
    this.#seen.set(key, this.#now());
    if (tellsOfSuccess(callback)) this.count++;
  }

  #forget(): void {
    for (const [key, seenAt] of this.#seen) {
      if (this.#now() - seenAt < KEPT_MS) return;
      this.#seen.delete(key);
    }
  }
}
