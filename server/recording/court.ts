import type { JournalEvent } from '../journal.ts';
import { loadExpected } from '../scenario/load.ts';
import { Bench } from '../verdict/bench.ts';
import type { Expectation } from '../verdict/check.ts';
import type { VerdictReport } from '../verdict/verdict.ts';
import type { Judging, Range, RecordedCase } from './format.ts';

/** How many ranges of missing events a report names. */
const RANGES_NAMED = 3;

/** Judges events again, one after the other, as `Judge` does those of a journal. */
export class Court {
  #case: RecordedCase;
  #expect: readonly Expectation[];
  #bench: Bench | undefined;
  #clock: JournalEvent<'clock.changed'> | undefined;
  #missing: Range[] = [];

  /** @throws UsageError when a check is not one of this version */
  constructor(recorded: RecordedCase) {
    this.#case = recorded;
    this.#expect = loadExpected(recorded.expect);
  }

  /** Judges what follows by this, and what was before no more.
   * @throws UsageError as above */
  begin(recorded: RecordedCase): void {
    this.#case = recorded;
    this.#expect = loadExpected(recorded.expect);
    this.#bench = undefined;
    this.#missing = [];
  }

  /** The events that are missing from what is judged. */
  get missing(): readonly Range[] {
    return this.#missing;
  }

  read(event: JournalEvent): void {
    if (event.type === 'clock.changed') this.#clock = event;
    if (event.type === 'scenario.loaded' || event.type === 'lane.reset') {
      this.#missing = [];
      this.#open(event.at);
    }
    this.#benchAt(event.at).read(event);
  }

  /** The clock runs so from here on, says an event that is missing. */
  changeClock(event: JournalEvent<'clock.changed'>): void {
    this.#clock = event;
    this.#bench?.setClock(event);
  }

  /** Between the events before and those that follow, some are not known. */
  miss(range: Range): void {
    this.#missing.push(range);
    this.#benchAt(range.firstAt).miss(range.events);
  }

  verdict({ seq, at, resets }: Judging): VerdictReport {
    const { scenario, seed } = this.#case;
    const { report } = this.#benchAt(at).verdict({ scenario: scenario.name, seed, resets }, { seq, at });
    if (this.#missing.length === 0) return report;
    // That events are missing is a doubt of every check, and the first.
    const doubt = describeMissing(this.#missing);
    return { ...report, checks: report.checks.map((check) => ({ ...check, doubt })) };
  }

  #benchAt(at: number): Bench {
    return this.#bench ?? this.#open(at);
  }

  #open(at: number): Bench {
    this.#bench = new Bench(this.#expect, at);
    if (this.#clock) this.#bench.setClock(this.#clock);
    return this.#bench;
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
