import type { Journal, JournalEvent } from '../journal.ts';
import type { Case } from './bench.ts';
import { isStart, Trial } from './trial.ts';
import type { Verdict } from './verdict.ts';
import type { Work } from './work.ts';

/** How many events are read at once: each by itself would cost a call more. */
const BATCH = 2_048;

/** Follows a journal for as long as it grows, and judges it at any time: whatever the journal drops has been read by then. */
export class Judge {
  readonly #journal: Journal;
  readonly #caseOf: () => Case;
  readonly #trial: Trial;
  #read = 0;
  /** A verdict that is being worked out: nothing may be read meanwhile. */
  #work: Work<Verdict> | undefined;

  /** @param caseOf what the scenario in force expects */
  constructor(journal: Journal, caseOf: () => Case) {
    this.#journal = journal;
    this.#caseOf = caseOf;
    this.#trial = new Trial(caseOf().expect, journal.moment.at);
    const most = Math.max(1, journal.capacity >> 1);
    const batch = Math.min(BATCH, most);
    journal.subscribe((event) => {
      // A scenario's expectations are those in force when it was loaded.
      if (isStart(event) || event.seq - this.#read >= (this.#work ? most : batch)) this.#catchUp();
    });
  }

  /** Judges all that has happened so far. */
  verdict(more: Pick<Case, 'resets' | 'running'>): Verdict {
    return this.#begin(more).finish();
  }

  /** The same, in turns with the service: thousands of clients take seconds.
   * @param begin is called once all that has happened so far is about to be judged */
  async verdictInTurns(
    more: Pick<Case, 'resets' | 'running'>,
    begin: (judge: () => Work<Verdict>) => Work<Verdict>,
  ): Promise<Verdict> {
    for (let before = this.#work; before; before = this.#work) {
      await before.inTurns().catch(() => {});
      // The first caller that sees it done clears it away: the one that began it may still wait for its turn.
      if (this.#work === before) this.#work = undefined;
    }
    const work = begin(() => this.#begin(more));
    this.#work = work;
    try {
      return await work.inTurns();
    } finally {
      if (this.#work === work) this.#work = undefined;
    }
  }

  #begin(more: Pick<Case, 'resets' | 'running'>): Work<Verdict> {
    this.#catchUp();
    const { scenario, seed } = this.#caseOf();
    return this.#trial.judge({ scenario, seed, ...more }, this.#journal.moment);
  }

  #catchUp(): void {
    this.#work?.complete();
    this.#work = undefined;
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
