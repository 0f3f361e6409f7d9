import { chance } from '../random.ts';
import { compileMatch, explainMatch } from './match.ts';
import type { Facts, FaultRule, Hook } from './scenario.ts';
import { explainWhen, strikesAt } from './trigger.ts';

/** A rule that strikes, and which of its kind it struck. */
export interface Strike {
  readonly rule: FaultRule;
  readonly ordinal: number;
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

interface Armed {
  readonly rule: FaultRule;
  readonly fits: (facts: Facts) => boolean;
  readonly ordinals: Map<string | number, number>;
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
      ordinals: new Map(),
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
    const ordinal = count(armed.ordinals, key);
    armed.matched++;

    const strikes = strikesAt(rule.when, {
      ordinal,
      struck: armed.struck,
      elapsedMs: now() - this.#loadedAtMs,
      connection: facts.connection,
      roll: () => chance(seed, lane, rule.name, key, ordinal),
    });
    if (!strikes) return undefined;
    armed.struck++;
    return { rule, ordinal };
  }
}

/** When a rule strikes, whom, and what it does: `strikes every 3rd GET /tasks: reset the connection`. */
export function explainRule({ on, match, when, inject }: FaultRule): string {
  return `strikes ${explainWhen(when, explainMatch(on, match))}: ${inject.map(({ did }) => did).join(', ')}`;
}

/** What is not known at a hook is counted together. */
function keyOf({ when }: FaultRule, facts: Facts): string | number {
  return (when.per === undefined || when.per === 'lane' ? undefined : facts[when.per]) ?? '';
}

function count(ordinals: Map<string | number, number>, key: string | number): number {
  const ordinal = (ordinals.get(key) ?? 0) + 1;
  // Put back at the end, so that the first key is always the one not seen for longest.
  ordinals.delete(key);
  ordinals.set(key, ordinal);
  const [oldest] = ordinals.size > MAX_COUNTED_APART ? ordinals.keys() : [];
  if (oldest !== undefined) ordinals.delete(oldest);
  return ordinal;
}
