/** How many windows are open at once; the one not asked for longest makes room, and starts anew. */
export const MAX_WINDOWS = 10_000;

interface Window {
  readonly closesMs: number;
  taken: number;
}

/**
 * Counts what each key takes in a window of time. The first take after a window has closed opens the next: at the edge between two
 * a key may take twice as much in a short time, as with most services that count by the minute.
 */
export class RateWindows {
  readonly #perMs: number;
  readonly #windows = new Map<string | number, Window>();

  constructor(perMs: number) {
    this.#perMs = perMs;
  }

  /** Takes one of a key's share of the present window.
   * @returns whether there was one left */
  take(key: string | number, allowed: number, nowMs: number): boolean {
    const window = this.#open(key, nowMs);
    if (window.taken >= allowed) return false;
    window.taken++;
    return true;
  }

  /** How much of its share a key has taken in the present window. */
  taken(key: string | number, nowMs: number): number {
    return this.#open(key, nowMs).taken;
  }

  /** When a key's present window closes. */
  closesAt(key: string | number, nowMs: number): number {
    return this.#open(key, nowMs).closesMs;
  }

  /** Forgets every window. */
  clear(): void {
    this.#windows.clear();
  }

  #open(key: string | number, nowMs: number): Window {
    const open = this.#windows.get(key);
    const window = open && open.closesMs > nowMs ? open : { closesMs: nowMs + this.#perMs, taken: 0 };
    // Put back at the end, so that the first is always the one not asked for longest.
    this.#windows.delete(key);
    this.#windows.set(key, window);
    const [oldest] = this.#windows.size > MAX_WINDOWS ? this.#windows.keys() : [];
    if (oldest !== undefined) this.#windows.delete(oldest);
    return window;
  }
}
