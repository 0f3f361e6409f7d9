import { ResultOwners } from './clients/result-owners.ts';
import { Clock } from './clock.ts';
import { type Problem, problem, UsageError } from './errors.ts';
import type { HookContexts } from './faults/fault.ts';
import { type ArmedFault, JOURNAL_CAPACITY, Journal } from './journal.ts';
import { OwnPorts } from './own-ports.ts';
import { chooseSeed, randomSequence } from './random.ts';
import { closestTo } from './scenario/closest.ts';
import { type Counted, explainRule, Injector } from './scenario/injector.ts';
import type { ReadScenario } from './scenario/load.ts';
import type { Facts, FaultRule, Hook, Need, Scenario, Service } from './scenario/scenario.ts';
import { isBehindUpstream, warnOfUpstream } from './scenario/upstream.ts';
import type { ResetFidelity } from './verdict/bench.ts';
import { Judge } from './verdict/judge.ts';
import type { Verdict } from './verdict/verdict.ts';

interface StrikeSetting {
  readonly hook: Hook;
  readonly facts: Facts;
  readonly context: HookContexts[Hook];
  readonly where: { readonly request?: number; readonly stream?: number };
}

/** When a verdict is given: the newest event, the lane time, and how resets arrive. */
interface Judging {
  readonly seq: number;
  readonly at: number;
  readonly resets: ResetFidelity;
  readonly running?: boolean | undefined;
}

/** One isolated world: scenario, seed, clock, journal. Nothing is global, so many can live in one process. */
export class Lane {
  readonly id: string;
  readonly clock: Clock;
  readonly journal: Journal;
  /** Draws what must differ but need not be replayed one by one: ids and the like. */
  readonly random: () => number;
  /** Scheme and authority of the service that its calls are passed through to; left out, it answers them itself. */
  readonly upstream: string | undefined;
  /** The ports of its server, which it shares with the other lanes. */
  readonly ownPorts: OwnPorts;
  /** Whose results are whose, for calls that need no key. */
  readonly results = new ResultOwners();
  /** What takes the place of the settings of each scenario that comes into force here. */
  readonly #instead: Parameters<ReadScenario>[0];
  #scenario: Scenario;
  #seed: number;
  #injector: Injector;
  readonly #listeners = new Set<() => void>();
  readonly #judge: Judge;
  readonly #verdictListeners = new Set<(judging: Judging) => void>();
  #connections = 0;

  constructor(
    id: string,
    scenario: Scenario,
    {
      seed = scenario.seed ?? chooseSeed(),
      clock = new Clock(scenario.clock),
      journalCapacity = JOURNAL_CAPACITY,
      upstream = undefined as string | undefined,
      ownPorts = new OwnPorts(),
    } = {},
  ) {
    this.id = id;
    this.upstream = upstream;
    this.ownPorts = ownPorts;
    this.clock = clock;
    const realNow = () => (clock.mode === 'manual' ? clock.realNow() : undefined);
    this.journal = new Journal(() => clock.now(), journalCapacity, realNow);
    clock.guard((error) => this.journal.bug(error));
    const noteClock = () => {
      const { mode, speed } = clock;
      this.journal.append({ type: 'clock.changed', mode, speed, realAt: Math.floor(clock.realNow()) });
    };
    clock.onChange(noteClock);
    if (clock.mode === 'real' && clock.speed !== 1) noteClock();
    this.#seed = seed;
    this.random = randomSequence(seed, 'ids');
    this.#instead = { profile: scenario.forcedProfile };
    this.#scenario = scenario;
    this.#judge = new Judge(this.journal, () => {
      const { name, expect } = this.#scenario;
      return { scenario: name, seed: this.#seed, expect };
    });
    this.#injector = this.#arm(scenario);
  }

  get scenario(): Scenario {
    return this.#scenario;
  }

  /** What of the scenario has no effect here, in words. */
  get warnings(): readonly string[] {
    return this.#warningsOf(this.#scenario);
  }

  get service(): Service {
    return this.#scenario.service;
  }

  get seed(): number {
    return this.#seed;
  }

  /** The number of one more connection, from 1. */
  numberConnection(): number {
    return ++this.#connections;
  }

  /** The faults now armed, and how often each matched and struck. */
  get faults(): ReturnType<Injector['state']> {
    return this.#injector.state();
  }

  /** Takes another scenario into force at once; connections and tasks stay, ordinals start again. A profile that the lane was
   * opened with in place of its scenario's own stays, whatever the new scenario says.
   * @throws UsageError when it has problems; then the old one stays */
  load(read: ReadScenario): void {
    const scenario = read(this.#instead);
    this.#seed = scenario.seed ?? this.#seed;
    this.#scenario = scenario;
    const { clock } = scenario;
    if (clock?.mode === 'manual') this.clock.setManual();
    else if (clock) this.clock.setSpeed(clock.speed);
    this.#injector = this.#arm(scenario);
    for (const hear of this.#listeners) hear();
  }

  /** Calls `hear` after each time another scenario has come into force. */
  onScenario(hear: () => void): void {
    this.#listeners.add(hear);
  }

  /** Arms one more fault at once; the ordinals of the others go on.
   * @throws UsageError FAULT_EXISTS, FAULT_OUT_OF_REACH */
  arm(rule: FaultRule): void {
    const { name, on: hook } = rule;
    if (this.upstream !== undefined && isBehindUpstream(rule))
      throw new UsageError([problem('FAULT_OUT_OF_REACH', { name, hook })]);
    if (this.faults.some((fault) => fault.name === name)) throw new UsageError([problem('FAULT_EXISTS', { name })]);
    this.journal.append({ type: 'fault.armed', ...describeArmed(rule) });
    this.#injector.arm(rule);
  }

  /** Disarms a fault at once; the ordinals of the others go on.
   * @throws UsageError FAULT_NOT_ARMED */
  disarm(name: string): void {
    const known = this.faults.map((fault) => fault.name);
    if (!known.includes(name)) {
      throw new UsageError([problem('FAULT_NOT_ARMED', { name, closest: closestTo(name, known), known })]);
    }
    this.journal.append({ type: 'fault.disarmed', fault: name });
    this.#injector.disarm(name);
  }

  /** Notes that a scenario was refused; the one in force stays. */
  refuse(from: string, problems: readonly Problem[]): void {
    this.journal.append({ type: 'scenario.refused', from, stays: this.#scenario.name, problems });
  }

  /** Starts the scenario over: ordinals, times, chance and faults as on the first run. What was armed since goes, what
   * was disarmed is back. */
  restart(): void {
    // First: what is armed belongs to the run that begins now.
    this.journal.append({ type: 'lane.reset' });
    this.#injector = this.#arm(this.#scenario);
  }

  /** Whether any fault is armed on a hook: lets a hot path skip gathering facts. */
  armed(hook: Hook): boolean {
    return this.#injector.armed(hook);
  }

  /** Whether there is any fault on a hook, also one that waits for a time alone. */
  hasFaults(hook: Hook): boolean {
    return this.#injector.has(hook);
  }

  /** Whether any armed fault would count this thing; asking does not count it. */
  concerns(hook: Hook, facts: Facts): boolean {
    return this.#injector.concerns(hook, facts);
  }

  /** Whether any fault that is armed asks this of the connections it may strike, or any check of those that it judges. */
  needs(need: Need): boolean {
    return this.#injector.needs(need) || this.#scenario.expect.some(({ relies }) => relies.includes(need));
  }

  /** Asks the scenario which faults strike here, notes each in the journal, and lets it write into the context's plan.
   * @returns the names of the faults that had an effect, in the order of the scenario */
  strike<H extends Hook>(
    hook: H,
    facts: Facts,
    context: HookContexts[H],
    where: { request?: number; stream?: number } = {},
  ): readonly string[] {
    return this.#carryOut(this.#injector.count(hook, facts), { hook, facts, context, where });
  }

  /** Strikes the faults that wait for a time alone, once it has come. */
  strikeDue(hook: 'accept'): void {
    const context = { plan: {}, openConnections: 0 };
    this.#carryOut(this.#injector.due(hook), { hook, facts: {}, context, where: {} });
  }

  /** What the faults that have struck do to connections yet to come. */
  held(hook: 'accept', moment: Parameters<Injector['held']>[1]): ReturnType<Injector['held']> {
    return this.#injector.held(hook, moment);
  }

  /** Judges the client by what the scenario expects, as far as the run has come.
   * @param resets how a reset arrives at the client; left out: as one */
  verdict(resets: ResetFidelity = 'reset'): Verdict {
    return this.#atVerdict({ resets }, () => this.#judge.verdict({ resets }));
  }

  #atVerdict<T>(by: Pick<Judging, 'resets' | 'running'>, judge: () => T): T {
    return this.journal.atOnce((moment) => {
      for (const hear of this.#verdictListeners) hear({ ...moment, ...by });
      return judge();
    });
  }

  /** The same, in turns with the service: use it for whatever is asked while clients are at work.
   * @param running they may still do what they have not done yet */
  async verdictInTurns(resets: ResetFidelity = 'reset', running = false): Promise<Verdict> {
    const by = { resets, ...(running && { running }) };
    return this.#judge.verdictInTurns(by, (judge) => this.#atVerdict(by, judge));
  }

  /** Calls `hear` with the moment of each verdict, until the returned function is called. */
  onVerdict(hear: (judging: Judging) => void): () => void {
    this.#verdictListeners.add(hear);
    return () => this.#verdictListeners.delete(hear);
  }

  #carryOut(counted: readonly Counted[], { hook, facts, context, where }: StrikeSetting): readonly string[] {
    const struck = new Set<string>();
    for (const { rule, ordinal, strikes, occasionOf, miss } of counted) {
      if (!strikes) continue;
      let applied = false;
      for (const [index, injection] of rule.inject.entries()) {
        const occasion = occasionOf(index);
        if (!injection.applies(context as never, occasion)) continue;
        applied = true;
        struck.add(rule.name);
        this.journal.append({
          type: 'fault.injected',
          fault: rule.name,
          hook,
          ordinal,
          did: injection.didOn(occasion),
          ...(facts.connection !== undefined && { connection: facts.connection }),
          ...(facts.task !== undefined && (hook === 'task' || hook === 'callback') && { task: facts.task }),
          ...where,
        });
        injection.apply(context as never, occasion);
      }
      if (!applied) miss();
    }
    return [...struck];
  }

  #warningsOf(scenario: Scenario): readonly string[] {
    return this.upstream === undefined ? scenario.warnings : [...scenario.warnings, ...warnOfUpstream(scenario)];
  }

  #arm(scenario: Scenario): Injector {
    const { name, faults } = scenario;
    const warnings = this.#warningsOf(scenario);
    this.journal.append({
      type: 'scenario.loaded',
      name,
      seed: this.#seed,
      faults: faults.length,
      ...(faults.length > 0 && { armed: faults.map(describeArmed) }),
      ...(scenario.service.idle && { idleAfterMs: scenario.service.idle.afterMs }),
      ...(warnings.length > 0 && { warnings }),
    });
    return new Injector(faults, { seed: this.#seed, lane: this.id, now: () => this.clock.now() });
  }
}

const describeArmed = (rule: FaultRule): ArmedFault => ({ fault: rule.name, hook: rule.on, did: explainRule(rule) });
