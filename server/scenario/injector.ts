import { chance } from '../random.ts';
import { compileMatch, explainMatch } from './match.ts';
import type { Facts, FaultRule, Hook, Occasion } from './scenario.ts';
import { explainWhen, strikesAt } from './trigger.ts';

/** A rule that strikes, and which of its kind it struck. */
export interface Strike {
  readonly rule: FaultRule;
  readonly ordinal: number;
  /** What the rule's injections, counted from 0, may ask. */
  readonly occasionOf: (injection: number) => Occasion;
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
  readonly fits: (facts: Facts) => boolean;
  readonly counted: Map<string | number, Count>;
  /** What each injection keeps from strike to strike. */
  readonly memories: Map<number, unknown>;
  /** How many keys were ever counted apart. */
  places: number;
  matched: number;
  struck: number;
}

/** What lane.ts hands in. */
export interface InjectorSetting {
  readonly seed: number;
  readonly lane: string;
  readonly now: () => number;
}

/** The faults of one scenario in one lane: knows how often each has matched, and so which strike next. */
export class Injector {
  readonly #byHook = new Map<Hook, Armed[]>();
  readonly #all: readonly Armed[];
  readonly #setting: InjectorSetting;
  readonly #loadedAtMs: number;

  constructor(rules: readonly FaultRule[], setting: InjectorSetting) {
    this.#setting = setting;
    this.#loadedAtMs = setting.now();
    this.#all = rules.map((rule) => ({
      rule,
      fits: compileMatch(rule.match),
      counted: new Map(),
      memories: new Map(),
      places: 0,
      matched: 0,
      struck: 0,
    }));
    for (const armed of this.#all) {
      const others = this.#byHook.get(armed.rule.on);
      if (others) others.push(armed);
      else this.#byHook.set(armed.rule.on, [armed]);
    }
  }

  /** Whether any fault waits on a hook. */
  armed(hook: Hook): boolean {
    return this.#byHook.has(hook);
  }

  /** Counts one thing at a hook, and tells which faults strike it, in the order of the scenario. */
  strikes(hook: Hook, facts: Facts): readonly Strike[] {
    return (this.#byHook.get(hook) ?? []).flatMap((armed) => this.#strike(armed, facts) ?? []);
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

  #strike(armed: Armed, facts: Facts): Strike | undefined {
    if (!armed.fits(facts)) return undefined;
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
      elapsedMs: nowMs - this.#loadedAtMs,
      connection: facts.connection,
      roll: () => chance(seed, lane, rule.name, who, ordinal),
    });
    if (!strikes) return undefined;
    armed.struck++;
    const occasionOf = (injection: number): Occasion => ({
      facts,
      nowMs,
      draw: (label = '') => chance(seed, lane, rule.name, who, ordinal, injection, label),
      memory: (create) => remember(armed.memories, injection, create),
    });
    return { rule, ordinal, occasionOf };
  }
}

/** When a rule strikes, whom, and what it does: `strikes every 3rd GET /tasks: reset the connection`. */
export function explainRule({ on, match, when, inject }: FaultRule): string {
  return `strikes ${explainWhen(when, explainMatch(on, match))}: ${inject.map(({ did }) => did).join(', ')}`;
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
