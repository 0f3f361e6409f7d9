import { renderDuration } from './duration.ts';
import type { When } from './scenario.ts';

/** What decides whether a rule strikes the thing that its `match` has just let through. */
export interface Moment {
  /** Which one it is among those counted together; from 1. */
  readonly ordinal: number;
  /** How often the rule has struck before. */
  readonly struck: number;
  /** Lane time since the scenario was loaded. */
  readonly elapsedMs: number;
  /** The connection's number in its lane; from 1. */
  readonly connection?: number | undefined;
  /** Chance, in [0, 1); asked only when it matters. */
  readonly roll: () => number;
}

type Ordinals = Pick<When, 'nth' | 'every' | 'first' | 'after'>;

/** Whether a rule strikes now: all that is given must hold. */
export function strikesAt(when: When, { ordinal, struck, elapsedMs, connection, roll }: Moment): boolean {
  const { times, from, to, probability } = when;
  if (!countsIn(when, ordinal)) return false;
  if (when.connection && (connection === undefined || !countsIn(when.connection, connection))) return false;
  if (times !== undefined && struck >= times) return false;
  if (from !== undefined && elapsedMs < from) return false;
  if (to !== undefined && elapsedMs > to) return false;
  return probability === undefined || roll() < probability;
}

function countsIn({ nth, every, first, after }: Ordinals, ordinal: number): boolean {
  if (nth !== undefined && ![nth].flat().includes(ordinal)) return false;
  if (every !== undefined && ordinal % every !== 0) return false;
  if (first !== undefined && ordinal > first) return false;
  return after === undefined || ordinal > after;
}

/** Whether nothing that happens is counted: what is left is a time. */
export const countsNothing = ({ from: _f, to: _t, times: _n, per: _p, ...counting }: When): boolean =>
  Object.values(counting).every((condition) => condition === undefined);

/** When a rule strikes that counts nothing: `from 5s, until 20s`. */
export function explainTime({ from, to }: When): string {
  const start = from === undefined ? 'at once' : `from ${renderDuration(from)}`;
  return to === undefined ? start : `${start}, until ${renderDuration(to)}`;
}

/** When a rule strikes, around what it strikes: `every 3rd GET /tasks, at most 5 times`. */
export function explainWhen(when: When, subject: string): string {
  const { times, probability, from, to, per, connection } = when;
  const parts = [
    explainOrdinals(when, subject),
    per && per !== 'lane' && `counted per ${per}`,
    connection && `on ${explainOrdinals(connection, 'connection')}`,
    probability !== undefined && `with probability ${probability}`,
    from !== undefined && `from ${renderDuration(from)}`,
    to !== undefined && `until ${renderDuration(to)}`,
    times !== undefined && `at most ${times === 1 ? 'once' : `${times} times`}`,
  ];
  return parts.filter(Boolean).join(', ');
}

function explainOrdinals({ nth, every, first, after }: Ordinals, subject: string): string {
  const parts = [
    `${nth === undefined ? explainEvery(every) : `the ${and.format([nth].flat().map(rank))}`} ${subject}`,
    nth !== undefined && every !== undefined && `only every ${rank(every)}`,
    first !== undefined && `up to the ${rank(first)}`,
    after !== undefined && `after the ${rank(after)}`,
  ];
  return parts.filter(Boolean).join(', ');
}

const explainEvery = (every: number | undefined) => (every === undefined ? 'every' : `every ${rank(every)}`);

const suffixes: Partial<Record<Intl.LDMLPluralRule, string>> = { one: 'st', two: 'nd', few: 'rd' };
const ranks = new Intl.PluralRules('en', { type: 'ordinal' });
const and = new Intl.ListFormat('en-GB');

/** 1st, 2nd, 3rd, 4th ... 11th */
export const rank = (n: number) => `${n}${suffixes[ranks.select(n)] ?? 'th'}`;
