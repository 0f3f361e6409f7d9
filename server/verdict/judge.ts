import type { Journal, JournalEvent } from '../journal.ts';
import type { Case } from './bench.ts';
import { isStart, Trial } from './trial.ts';
import type { Verdict } from './verdict.ts';

/** How many events are read at once: each by itself would cost a call more. */
const BATCH = 1_024;

/** Follows a journal for as long as it grows, and judges it at any time: whatever the journal drops has been read by then. */
export class Judge {
  readonly #journal: Journal;
  readonly #caseOf: () => Case;
  readonly #trial: Trial;
  #read = 0;

  /** @param caseOf what the scenario in force expects */
  constructor(journal: Journal, caseOf: () => Case) {
    this.#journal = journal;
    this.#caseOf = caseOf;
    this.#trial = new Trial(caseOf().expect, journal.moment.at);
    const batch = Math.max(1, Math.min(BATCH, journal.capacity >> 1));
    journal.subscribe((event) => {
      // A scenario's expectations are those in force when it was loaded.
      if (isStart(event) || event.seq - this.#read >= batch) this.#catchUp();
    });
  }

  verdict(more: Pick<Case, 'resets'>): Verdict {
    this.#catchUp();
    const { scenario, seed } = this.#caseOf();
    return this.#trial.verdict({ scenario, seed, ...more }, this.#journal.moment);
  }

  #catchUp(): void {
    for (const event of this.#journal.events(undefined, this.#read)) {
      this.#read = event.seq;
      this.#readNext(event);
    }
  }

  #readNext(event: JournalEvent): void {
    if (isStart(event)) this.#trial.begin(this.#caseOf().expect, event.at);
    this.#trial.read(event);
  }
}

/** Judges a run by what its journal still holds, from the last loading of a scenario on. */
export function judge(journal: Journal, { expect, ...more }: Case): Verdict {
  const events = journal.events();
  const trial = new Trial(expect, events[0]?.at ?? 0);
  trial.miss(journal.dropped);
  for (const event of events) {
    if (isStart(event)) trial.begin(expect, event.at);
    trial.read(event);
  }
  return trial.verdict(more, journal.moment);
}
