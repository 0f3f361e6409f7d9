import type { Journal, JournalEvent } from '../journal.ts';
import { Bench, type Case } from './bench.ts';
import type { Verdict } from './verdict.ts';

/** How many events are read at once: each by itself would cost a call more. */
const BATCH = 1_024;

/** Whether a run begins with this event: what was before it is judged no more. */
const isStart = ({ type }: JournalEvent): boolean => type === 'scenario.loaded' || type === 'lane.reset';

/** Follows a journal for as long as it grows, and judges it at any time: whatever the journal drops has been read by then. */
export class Judge {
  readonly #journal: Journal;
  readonly #caseOf: () => Case;
  #bench: Bench;
  #clock: JournalEvent<'clock.changed'> | undefined;
  #read = 0;

  /** @param caseOf what the scenario in force expects */
  constructor(journal: Journal, caseOf: () => Case) {
    this.#journal = journal;
    this.#caseOf = caseOf;
    this.#bench = new Bench(caseOf().expect, journal.nowMs);
    const batch = Math.max(1, Math.min(BATCH, journal.capacity >> 1));
    journal.subscribe((event) => {
      // A scenario's expectations are those in force when it was loaded.
      if (isStart(event) || event.seq - this.#read >= batch) this.#catchUp();
    });
  }

  verdict(more: Pick<Case, 'resets'>): Verdict {
    this.#catchUp();
    const { scenario, seed } = this.#caseOf();
    return this.#bench.verdict({ scenario, seed, ...more }, { seq: this.#journal.seq, at: this.#journal.nowMs });
  }

  #catchUp(): void {
    for (const event of this.#journal.events(undefined, this.#read)) {
      this.#read = event.seq;
      if (event.type === 'clock.changed') this.#clock = event;
      if (isStart(event)) {
        this.#bench = new Bench(this.#caseOf().expect, event.at);
        // The clock keeps its speed across scenarios.
        if (this.#clock) this.#bench.setClock(this.#clock);
      }
      this.#bench.read(event);
    }
  }
}

/** Judges a run by what its journal still holds, from the last loading of a scenario on. */
export function judge(journal: Journal, { expect, ...more }: Case): Verdict {
  const all = journal.events();
  const start = all.findLastIndex(isStart);
  const bench = new Bench(expect, all[Math.max(0, start)]?.at ?? 0);
  if (start < 0) bench.miss(journal.dropped);
  const clock = all.slice(0, Math.max(0, start)).findLast((event) => event.type === 'clock.changed');
  if (clock?.type === 'clock.changed') bench.setClock(clock);
  for (const event of all.slice(Math.max(0, start))) bench.read(event);
  return bench.verdict(more, { seq: journal.seq, at: journal.nowMs });
}
