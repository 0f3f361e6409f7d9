/** Lets a test wait for what has not happened yet, however long that takes. */
export class Changes {
  readonly #waiting = new Set<() => void>();

  /** Says that something has changed. */
  tell(): void {
    for (const look of this.#waiting) look();
    this.#waiting.clear();
  }

  /** Looks now and after each change; resolves with the first thing seen. */
  async until<T>(look: () => T | undefined | false): Promise<T> {
    for (;;) {
      const seen = look();
      if (seen !== undefined && seen !== false) return seen;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }
}
