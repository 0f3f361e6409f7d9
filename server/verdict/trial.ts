import type { JournalEvent, Moment } from '../journal.ts';
import { Bench, type Case } from './bench.ts';
import type { Expectation, Outcome } from './check.ts';
import { type CheckResult, type ClientResult, sumUp, Verdict, type VerdictReport } from './verdict.ts';
import { type Steps, Work } from './work.ts';

/** How many events of a run are kept for a second reading, until the admin API advances the clock. */
const KEPT = 10_000;

/** How many clients a check judges before others have their turn: it takes some milliseconds. */
const JUDGED_PER_TURN = 500;

/** Whether a run begins with this event: what was before it is judged no more. */
export const isStart = ({ type }: JournalEvent): boolean => type === 'scenario.loaded' || type === 'lane.reset';

/**
 * Reads events one after the other, and judges the latest run among them. Once the admin API has advanced the clock, its
 * clients may wait by the real clock or by the lane's: the run is read both ways, and certain is what both agree on.
 */
export class Trial {
  #expect: readonly Expectation[];
  #bench: Bench;
  /** By the real clock; absent until the admin API advances the lane's. */
  #byReal: Bench | undefined;
  #clock: JournalEvent<'clock.changed'> | undefined;
  /** The latest events of the run, the clock before them, and how many events were before or are missing. */
  #kept: { readonly events: JournalEvent[]; readonly clock: JournalEvent<'clock.changed'> | undefined; missed: number };

  /** @param expect what the scenario in force expects
   * @param startAt lane time of the first event */
  constructor(expect: readonly Expectation[], startAt: number) {
    this.#expect = expect;
    this.#bench = new Bench(expect, startAt);
    this.#kept = { events: [], clock: undefined, missed: 0 };
  }

  /** Judges what follows, and what was before no more. */
  begin(expect: readonly Expectation[], startAt: number): void {
    this.#expect = expect;
    this.#bench = new Bench(expect, startAt);
    // The clock keeps its speed across scenarios.
    if (this.#clock) this.#bench.setClock(this.#clock);
    this.#byReal = undefined;
    this.#keep(0);
  }

  /** @param event the next one */
  read(event: JournalEvent): void {
    const { type } = event;
    if (type === 'clock.advanced') this.#byReal ??= this.#readByReal();
    this.#bench.read(event);
    this.#byReal?.read(event);
    if (type === 'clock.changed') this.#clock = event;
    if (this.#byReal) return;
    const { events, missed } = this.#kept;
    events.push(event);
    if (events.length === KEPT) this.#keep(missed + KEPT);
  }

  /** The clock runs so from here on, says an event that is missing. */
  setClock(event: JournalEvent<'clock.changed'>): void {
    this.#clock = event;
    for (const bench of this.#benches) bench.setClock(event);
  }

  /** Counts events that were lost before they could be read. */
  miss(events: number): void {
    for (const bench of this.#benches) bench.miss(events);
    this.#kept.missed += events;
  }

  /** Nothing is known of what came after the last event, perhaps a lot. */
  missEnd(): void {
    for (const bench of this.#benches) bench.missEnd();
  }

  /** Judges by what has been read. */
  verdict(more: Omit<Case, 'expect'>, latest: Moment): Verdict {
    return this.judge(more, latest).finish();
  }

  /** The same; before it is finished nothing may be read. */
  judge(more: Omit<Case, 'expect'>, latest: Moment): Work<Verdict> {
    return new Work(this.#judge(more, latest), JUDGED_PER_TURN);
  }

  *#judge(more: Omit<Case, 'expect'>, latest: Moment): Steps<Verdict> {
    const byLane = yield* this.#bench.judge(more, latest);
    if (!this.#byReal) return byLane;
    const byReal = yield* this.#byReal.judge(more, latest);
    return new Verdict(agree(byLane.report, byReal.report));
  }

  get #benches(): readonly Bench[] {
    return this.#byReal ? [this.#bench, this.#byReal] : [this.#bench];
  }

  #keep(missed: number): void {
    this.#kept = { events: [], clock: this.#clock, missed };
  }

  #readByReal(): Bench {
    const { events, clock, missed } = this.#kept;
    const bench = new Bench(this.#expect, events[0]?.at ?? 0, 'real');
    bench.miss(missed);
    if (clock) bench.setClock(clock);
    for (const event of events) bench.read(event);
    this.#keep(0);
    return bench;
  }
}

/** What two readings of a run come to: what they do not agree on is inconclusive, and names both. */
function agree(byLane: VerdictReport, byReal: VerdictReport): VerdictReport {
  const checks = byLane.checks.map((result, index) => agreeOn(result, byReal.checks[index] ?? result));
  const outcomes = checks.map(({ outcome }) => outcome);
  return { ...byLane, outcome: sumUp(outcomes, 'checks'), checks };
}

function agreeOn(byLane: CheckResult, byReal: CheckResult): CheckResult {
  const clients = byLane.clients.map((result, index) => {
    const other = byReal.clients.find(({ client }) => client === result.client) ?? byReal.clients[index];
    return other === undefined || other.outcome === result.outcome ? (other ?? result) : unlike(result, other);
  });
  const doubt = byLane.doubt ?? byReal.doubt;
  const outcome = agreedOutcome(byLane, byReal, clients);
  return { ...byLane, outcome, clients, ...(doubt !== undefined && { doubt }) };
}

function agreedOutcome(byLane: CheckResult, byReal: CheckResult, clients: readonly ClientResult[]): Outcome {
  if (byLane.outcome !== byReal.outcome) return 'inconclusive';
  const hasFailed = clients.some(({ outcome }) => outcome === 'fail');
  const isDoubtful = clients.some(({ doubtful }) => doubtful) && !hasFailed;
  return isDoubtful ? 'inconclusive' : byLane.outcome;
}

const unlike = (byLane: ClientResult, { seen, events, eventCount }: ClientResult): ClientResult => ({
  ...(byLane.client !== undefined && { client: byLane.client }),
  outcome: 'inconclusive',
  doubtful: true,
  seen: `by the real clock it ${seen}; by the lane's clock, which the admin API advances, it ${byLane.seen}`,
  hint: "Let the lane's clock run: an advance says nothing about how long a client waits.",
  events,
  eventCount,
});
