import type { ClientSetting } from './http2-call.ts';

/** Reference, C3. */
const BASE_MS = 100;
const FACTOR = 2;
const MAX_MS = 30_000;
const JITTER_MS = 100;

/** The waits that failures ask for: one for the service, whatever the calls. It is the service that a wait spares. */
export class Backoff {
  readonly #setting: Pick<ClientSetting, 'now' | 'random'>;
  #failures = 0;
  #untilMs = 0;

  constructor(setting: Pick<ClientSetting, 'now' | 'random'>) {
    this.#setting = setting;
  }

  /** How often in a row the service has failed. */
  get failures(): number {
    return this.#failures;
  }

  noteSuccess(): void {
    this.#failures = 0;
  }

  /** Notes a failure. Calls that fail together, such as those on one connection that is cut, count once.
   * @param inARow how often the call has failed: it waits longer each time, though others may succeed meanwhile
   * @param askedMs what the service asks to wait, by Retry-After
   * @returns until when the call has to wait, before its jitter */
  noteFailure(inARow: number, askedMs = 0): number {
    const now = this.#setting.now();
    if (now >= this.#untilMs) this.#untilMs = now + waitAfter(++this.#failures);
    this.#untilMs = Math.max(this.#untilMs, now + askedMs);
    return Math.max(this.#untilMs, now + waitAfter(inARow));
  }

  /** How long a call has to wait before it is sent, with a jitter of its own; 0 where nothing has failed of late.
   * @param ownUntilMs until when it has to wait for its own failures */
  leftMs(ownUntilMs = 0): number {
    const leftMs = Math.max(this.#untilMs, ownUntilMs) - this.#setting.now();
    return leftMs > 0 ? leftMs + this.#setting.random() * JITTER_MS : 0;
  }
}

const waitAfter = (failures: number): number => Math.min(MAX_MS, BASE_MS * FACTOR ** (failures - 1));

/** How long Retry-After asks to wait: seconds, or a date (RFC 9110, section 10.2.3). 0 for what is neither. */
export function readRetryAfter(value: string | undefined): number {
  if (value === undefined) return 0;
  if (/^\d+$/.test(value)) return Number(value) * 1_000;
  const atMs = /^[A-Z][a-z]{2}, /.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(atMs) ? 0 : Math.max(0, atMs - Date.now());
}
