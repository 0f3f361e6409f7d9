import { type EventType, Journal, type JournalEvent } from '../journal.ts';
import { loadExpected } from '../scenario/load.ts';
import type { Expectation } from '../verdict/check.ts';
import { judge } from '../verdict/judge.ts';
import { sumUp, type VerdictReport } from '../verdict/verdict.ts';
import type { Judging, Range, RecordedCase } from './format.ts';

/** How many ranges of missing events a report names. */
const RANGES_NAMED = 3;

/** Judges events again, one after the other. */
export class Court {
  #case: RecordedCase;
  #expect: readonly Expectation[];
  #events: JournalEvent[] = [];
  #read = 0;
  #missing: Range[] = [];

  /** @throws UsageError when a check is not one of this version */
  constructor(recorded: RecordedCase) {
    this.#case = recorded;
    this.#expect = loadExpected(recorded.expect);
  }

  /** Judges by another case what follows.
   * @throws UsageError as above */
  change(recorded: RecordedCase): void {
    this.#case = recorded;
    this.#expect = loadExpected(recorded.expect);
  }

  /** The events that are missing from what is judged. */
  get missing(): readonly Range[] {
    return this.#missing;
  }

  read(event: JournalEvent): void {
    this.#read++;
    if (event.type === 'scenario.loaded' || event.type === 'lane.reset') this.#startOver();
    this.#events.push(event);
  }

  /** From here on the clock runs otherwise, says an event that is missing. */
  changeClock(event: JournalEvent<'clock.changed'>): void {
    this.#events.push(event);
  }

  /** Between the events before and those that follow, some are not known. */
  miss(range: Range): void {
    this.#missing.push(range);
  }

  verdict({ seq, at, resets }: Judging): VerdictReport {
    const { scenario, seed } = this.#case;
    const known = new KnownEvents(this.#events, { seq, at });
    const { report } = judge(known, { scenario: scenario.name, seed, expect: this.#expect, resets });
    return doubt({ ...report, events: this.#read }, this.#missing);
  }

  /** What was before is not judged, but the clock, which the first event has started, goes on as it was. */
  #startOver(): void {
    this.#events = this.#events.filter(({ type }, index) => index === 0 || type === 'clock.changed');
    this.#missing = [];
  }
}

/** Where events are missing, neither what was not seen nor what was is known for sure. */
function doubt(report: VerdictReport, missing: readonly Range[]): VerdictReport {
  if (missing.length === 0) return report;
  const reason = describeMissing(missing);
  const checks = report.checks.map((check) => ({ ...check, outcome: 'inconclusive', doubt: reason }) as const);
  const missed = missing.reduce((sum, { events }) => sum + events, 0);
  return { ...report, outcome: sumUp(['inconclusive'], 'checks'), checks, missed };
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

/** A journal of events that happened elsewhere. */
class KnownEvents extends Journal {
  readonly #events: readonly JournalEvent[];
  readonly #seq: number;

  constructor(events: readonly JournalEvent[], { seq, at }: { readonly seq: number; readonly at: number }) {
    super(() => at);
    this.#events = events;
    this.#seq = seq;
  }

  override get seq(): number {
    return this.#seq;
  }

  override get dropped(): number {
    return 0;
  }

  override events<T extends EventType = EventType>(type?: T, since = 0): readonly JournalEvent<T>[] {
    return this.#events.filter(
      (event): event is JournalEvent<T> => event.seq > since && (type === undefined || event.type === type),
    );
  }
}
