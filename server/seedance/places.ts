/** A task that wants to run. */
export interface Applicant {
  readonly pool: string;
  /** 0 to 9; higher ones come first. */
  readonly priority: number;
  /** How many of its pool may run at once, asked anew each time: limits change while tasks wait. */
  allowed(): number;
  /** Called when there is a place for it, once. */
  begin(): void;
}

/**
 * The places in which tasks run, so many for each pool. Whoever finds none waits: by priority, and within one level in the order of
 * coming; nobody who runs is interrupted (reference, Ark API section 6).
 */
export class Places {
  readonly #running = new Map<string, Set<Applicant>>();
  readonly #waiting = new Map<string, Applicant[]>();

  /** Gives a place at once, or as soon as there is one. */
  apply(applicant: Applicant): void {
    const { pool, priority } = applicant;
    const line = this.#waiting.get(pool) ?? [];
    const behind = line.findLastIndex((other) => other.priority >= priority) + 1;
    line.splice(behind, 0, applicant);
    this.#waiting.set(pool, line);
    this.look(pool);
  }

  /** Gives a place past the line, whether there is one or not, to whoever has begun already. */
  take(applicant: Applicant): void {
    const { pool } = applicant;
    this.#quitLine(applicant);
    this.#running.set(pool, (this.#running.get(pool) ?? new Set()).add(applicant));
  }

  /** Takes back a place, or the wish for one. */
  leave(applicant: Applicant): void {
    const { pool } = applicant;
    const line = this.#quitLine(applicant);
    this.#running.get(pool)?.delete(applicant);
    this.look(pool);
    if (line.length === 0) this.#waiting.delete(pool);
    if (this.#running.get(pool)?.size === 0) this.#running.delete(pool);
  }

  /** Fills the free places of a pool, or of all of them once limits have changed. */
  look(pool?: string): void {
    for (const name of pool === undefined ? [...this.#waiting.keys()] : [pool]) {
      const line = this.#waiting.get(name) ?? [];
      const running = this.#running.get(name) ?? new Set();
      for (let [next] = line; next && running.size < next.allowed(); [next] = line) {
        line.shift();
        running.add(next);
        this.#running.set(name, running);
        next.begin();
      }
    }
  }

  clear(): void {
    this.#running.clear();
    this.#waiting.clear();
  }

  #quitLine(applicant: Applicant): readonly Applicant[] {
    const line = this.#waiting.get(applicant.pool) ?? [];
    if (line.includes(applicant)) line.splice(line.indexOf(applicant), 1);
    return line;
  }
}
