import type { JournalEvent } from '../journal.ts';
import { loadExpected } from '../scenario/load.ts';
import type { Expectation } from '../verdict/check.ts';
import { isStart, Trial } from '../verdict/trial.ts';
import type { VerdictReport } from '../verdict/verdict.ts';
import type { Judging, Range, RecordedCase } from './format.ts';

/** How many ranges of missing events a report names. */
const RANGES_NAMED = 3;

/** Judges events again, one after the other, as `Judge` does those of a journal. */
export class Court {
  #case: RecordedCase;
  #expect: readonly Expectation[];
  #trial: Trial | undefined;
  #missing: Range[] = [];

  /** @throws UsageError when a check is not one of this version */
  constructor(recorded: RecordedCase) {
    this.#case = recorded;
    this.#expect = loadExpected(recorded.expect);
  }

  /** Judges what follows by this, and what was before no more.
   * @param at lane time
   * @throws UsageError as above */
  begin(recorded: RecordedCase, at: number): void {
    this.#case = recorded;
    this.#expect = loadExpected(recorded.expect);
    this.#begin(at);
  }

  /** The events that are missing from what is judged. */
  get missing(): readonly Range[] {
    return this.#missing;
  }

  read(event: JournalEvent): void {
    if (isStart(event)) this.#begin(event.at);
    this.#trialAt(event.at).read(event);
  }

  /** The clock runs so from here on, says an event that is missing. */
  changeClock(event: JournalEvent<'clock.changed'>): void {
    this.#trialAt(event.at).setClock(event);
  }

  /** Between the events before and those that follow, some are not known. */
  miss(range: Range): void {
    this.#missing.push(range);
    this.#trialAt(range.firstAt).miss(range.events);
  }

  /** Nothing is known of what came after the last event, perhaps a lot. */
  missEnd(at: number): void {
    this.#trialAt(at).missEnd();
  }

  verdict({ seq, at, realAt, resets, running }: Judging): VerdictReport {
    const { scenario, seed } = this.#case;
    const { report } = this.#trialAt(at).verdict(
      { scenario: scenario.name, seed, resets, running },
      { seq, at, realAt },
    );
    if (this.#missing.length === 0) return report;
    // That events are missing is a doubt of every check, and the first.
    const doubt = describeMissing(this.#missing);
    return { ...report, checks: report.checks.map((check) => ({ ...check, doubt })) };
  }

  #trialAt(at: number): Trial {
    this.#trial ??= new Trial(this.#expect, at);
    return this.#trial;
  }

  #begin(at: number): void {
    this.#missing = [];
    this.#trialAt(at).begin(this.#expect, at);
  }
}

/** Missing events in words: their sequence numbers and lane times. */
export function describeMissing(missing: readonly Range[]): string {
  const timeOf = (at: number) => new Date(at).toISOString();
  const named = missing.slice(0, RANGES_NAMED).map(({ firstSeq, lastSeq, firstAt, lastAt }) => {
    const events = firstSeq === lastSeq ? `event ${firstSeq}` : `events ${firstSeq} to ${lastSeq}`;
    return `${events} (${timeOf(firstAt)} to ${timeOf(lastAt)})`;
  });
  const more = missing.length - named.length;
  return `the recording does not hold ${named.join(', ')}${more > 0 ? ` and ${more} more ranges` : ''}`;
}
