import { chance } from '../random.ts';
import { Fitting } from './fitting.ts';
import { type Criterion, criteriaOf, explainMatch } from './match.ts';
import type { Facts, FaultRule, Hold, HoldMoment, Hook, Need, Occasion } from './scenario.ts';
import { countsNothing, explainTime, explainWhen, strikesAt } from './trigger.ts';

/** A rule that something was counted for: which of its kind it is, and whether it is struck. */
export interface Counted {
  readonly rule: FaultRule;
  readonly ordinal: number;
  readonly strikes: boolean;
  /** What the rule's injections, counted from 0, may ask. */
  readonly occasionOf: (injection: number) => Occasion;
  /** Takes the strike back: none of the injections had anything to do. It is not one of `times`. */
  readonly miss: () => void;
}

/** An armed fault, and what became of it so far. */
export interface FaultState {
  readonly name: string;
  readonly on: Hook;
  /** When it strikes, whom, and what it does, in one sentence. */
  readonly explain: string;
  readonly matched: number;
  readonly struck: number;
}

/** How many connections, tasks or clients a rule counts apart; the one not seen for longest makes room, and starts again at 1. */
export const MAX_COUNTED_APART = 10_000;

/** How often one key was met, and the how-manieth key of its rule it is. */
interface Count {
  readonly place: number;
  ordinal: number;
}

interface Armed {
  readonly rule: FaultRule;
  readonly criteria: readonly Criterion[];
  readonly armedAtMs: number;
  /** It waits for a time alone. */
  readonly byTime: boolean;
  readonly counted: Map<string | number, Count>;
  /** What each injection keeps from strike to strike. */
  readonly memories: Map<number, unknown>;
  /** How many keys were ever counted apart. */
  places: number;
  matched: number;
  struck: number;
  struckAtMs: number | undefined;
}

/** What lane.ts hands in. */
export interface InjectorSetting {
  readonly seed: number;
  readonly lane: string;
  readonly now: () => number;
}

/** The faults armed in one lane: knows how often each has matched, and so which strike next. */
export class Injector {
  readonly #byHook = new Map<Hook, Fitting<Armed>>();
  readonly #setting: InjectorSetting;
  #all: readonly Armed[] = [];

  constructor(rules: readonly FaultRule[], setting: InjectorSetting) {
    this.#setting = setting;
    this.#take(rules.map((rule) => this.#ready(rule)));
  }

  /** Arms one more fault, after the others; their counts go on. Its name must be free. */
  arm(rule: FaultRule): void {
    this.#take([...this.#all, this.#ready(rule)]);
  }

  /** Disarms a fault; the counts of the others go on.
   * @returns whether there was one of this name */
  disarm(name: string): boolean {
    const rest = this.#all.filter(({ rule }) => rule.name !== name);
    const found = rest.length < this.#all.length;
    if (found) this.#take(rest);
    return found;
  }

  /** Whether there is any fault on a hook, also one that waits for a time alone. */
  has(hook: Hook): boolean {
    return this.#all.some(({ rule }) => rule.on === hook);
  }

  /** Whether any fault waits on a hook. */
  armed(hook: Hook): boolean {
    return this.#byHook.has(hook);
  }

  /** Whether any fault asks this of the connections it may strike. */
  needs(need: Need): boolean {
    return this.#all.some(({ rule }) => rule.inject.some((injection) => injection.needs === need));
  }

  /** Whether any fault would count this thing. Asking does not count it. */
  concerns(hook: Hook, facts: Facts): boolean {
    return (this.#byHook.get(hook)?.find(facts).length ?? 0) > 0;
  }

  /** Counts one thing at a hook, and tells for each fault that it fits whether it is struck, in the order of the scenario. */
  count(hook: Hook, facts: Facts): readonly Counted[] {
    return (this.#byHook.get(hook)?.find(facts) ?? []).map((armed) => this.#countFor(armed, facts));
  }

  /** The rules that a time strikes whose time has come; each only once. */
  due(hook: Hook): readonly Counted[] {
    const nowMs = this.#setting.now();
    const due = this.#all.filter(
      (armed) => armed.rule.on === hook && armed.byTime && armed.struck === 0 && inTime(armed, nowMs),
    );
    return due.map((armed) => {
      const counted = this.#countFor(armed, {});
      // The strike is as old as its time, whoever was late to ask.
      armed.struckAtMs = armed.armedAtMs + (armed.rule.when.from ?? 0);
      return counted;
    });
  }

  /** What the faults that have struck do to connections yet to come, and by which name. */
  held(
    hook: Hook,
    moment: Pick<HoldMoment, 'openConnections' | 'servedConnections'>,
  ): Readonly<Partial<Record<Hold, string>>> {
    const nowMs = this.#setting.now();
    const held: Partial<Record<Hold, string>> = {};
    for (const armed of this.#all) {
      const { rule, byTime, struckAtMs: sinceMs } = armed;
      if (rule.on !== hook || sinceMs === undefined || (byTime && !inTime(armed, nowMs))) continue;
      for (const injection of rule.inject) {
        const hold = injection.hold?.({ ...moment, nowMs, sinceMs });
        if (hold) held[hold] ??= rule.name;
      }
    }
    return held;
  }

  /** Every fault, in the order of the scenario. */
  state(): readonly FaultState[] {
    return this.#all.map(({ rule, matched, struck }) => ({
      name: rule.name,
      on: rule.on,
      explain: explainRule(rule),
      matched,
      struck,
    }));
  }

  #ready(rule: FaultRule): Armed {
    const criteria = criteriaOf(rule.match);
    return {
      rule,
      criteria,
      armedAtMs: this.#setting.now(),
      byTime: strikesByTime(rule),
      counted: new Map(),
      memories: new Map(),
      places: 0,
      matched: 0,
      struck: 0,
      struckAtMs: undefined,
    };
  }

  #take(all: readonly Armed[]): void {
    this.#all = all;
    this.#byHook.clear();
    const counting = all.filter(({ byTime }) => !byTime);
    for (const [hook, those] of Map.groupBy(counting, ({ rule }) => rule.on))
      this.#byHook.set(hook, new Fitting(those));
  }

  #countFor(armed: Armed, facts: Facts): Counted {
    const { rule } = armed;
    const { seed, lane, now } = this.#setting;
    const key = keyOf(rule, facts);
    const { place, ordinal } = count(armed, key);
    // A client goes by the same name in each run. The id of a task does not; that it is the third task does.
    const who = rule.when.per === 'client' ? key : place;
    armed.matched++;
    const nowMs = now();

    const strikes = strikesAt(rule.when, {
      ordinal,
      struck: armed.struck,
      elapsedMs: nowMs - armed.armedAtMs,
      connection: facts.connection,
      roll: () => chance(seed, lane, rule.name, who, ordinal),
    });
    if (strikes) {
      armed.struck++;
      armed.struckAtMs = nowMs;
    }
    const occasionOf = (injection: number): Occasion => ({
      facts,
      nowMs,
      draw: (label = '') => chance(seed, lane, rule.name, who, ordinal, injection, label),
      memory: (create) => remember(armed.memories, injection, create),
    });
    const miss = () => {
      armed.struck--;
    };
    return { rule, ordinal, strikes, occasionOf, miss };
  }
}

/** Whether a rule waits for a time alone. */
export const strikesByTime = ({ when, match, inject }: FaultRule): boolean =>
  inject.some(({ byTime }) => byTime) && countsNothing(when) && Object.keys(match).length === 0;

const inTime = ({ rule: { when }, armedAtMs }: Armed, nowMs: number): boolean => {
  const elapsedMs = nowMs - armedAtMs;
  return elapsedMs >= (when.from ?? 0) && elapsedMs < (when.to ?? Number.POSITIVE_INFINITY);
};

/** When a rule strikes, whom, and what it does: `strikes every 3rd GET /tasks: reset the connection`. */
export function explainRule(rule: FaultRule): string {
  const { on, match, when, inject } = rule;
  const moment = strikesByTime(rule) ? explainTime(when) : explainWhen(when, explainMatch(on, match));
  return `strikes ${moment}: ${inject.map(({ did }) => did).join(', ')}`;
}

/** Whoever asks is the one that made it: an injection of a rule is one fault. */
function remember<T>(memories: Map<number, unknown>, injection: number, create: () => T): T {
  if (!memories.has(injection)) memories.set(injection, create());
  return memories.get(injection) as T;
}

/** What is not known at a hook is counted together. */
function keyOf({ when }: FaultRule, facts: Facts): string | number {
  return (when.per === undefined || when.per === 'lane' ? undefined : facts[when.per]) ?? '';
}

function count(armed: Armed, key: string | number): Count {
  const { counted } = armed;
  const entry = counted.get(key) ?? { place: ++armed.places, ordinal: 0 };
  entry.ordinal++;
  // Put back at the end, so that the first key is always the one not seen for longest.
  counted.delete(key);
  counted.set(key, entry);
  const [oldest] = counted.size > MAX_COUNTED_APART ? counted.keys() : [];
  if (oldest !== undefined) counted.delete(oldest);
  return entry;
}
