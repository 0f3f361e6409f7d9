import { printableLine, printableText } from '../printable.ts';
import { chooseSeed } from '../random.ts';
import { readScenario } from '../scenario/bundled.ts';
import { asWritten, explainClients } from '../scenario/clients.ts';
import { explainRule } from '../scenario/injector.ts';
import {
  type Effect,
  LOOK_AHEAD,
  looksAtConnections,
  type Passage,
  REQUESTS_PER_CONNECTION,
  type Rehearsal,
  rehearse,
  type Thing,
} from '../scenario/rehearsal.ts';
import type { Facts, FaultRule, Scenario } from '../scenario/scenario.ts';
import { rank } from '../scenario/trigger.ts';
import type { Output } from './output.ts';

/** Nobody reads on, and a rehearsal of as many takes a moment. */
export const MAX_EXPLAINED = 10_000;
export const EXPLAINED = 20;

export interface ExplainOptions {
  /** How many requests, connections, tasks and so on are told of. */
  readonly requests?: number;
  readonly seed?: number;
  readonly json?: boolean;
}

/** What a fault does to the things that are told of. */
interface FaultReport {
  readonly name: string;
  readonly on: string;
  /** When it strikes, whom, and what it does. */
  readonly explain: string;
  /** The things it strikes, by their numbers. */
  readonly strikes: readonly number[];
  /** The first that it strikes after those. */
  readonly next?: number;
  /** Struck, and no different for it. */
  readonly withoutEffect: readonly number[];
  /** The names of clients that were assumed, where chance hangs on them. */
  readonly drawnFor?: readonly string[];
  /** For each reason not to be struck, the first thing that it held for. */
  readonly passesBy: readonly { readonly number: number; readonly why: string }[];
}

/** `seedance-mock explain <scenario>`: what will strike, when, and which of the first so many.
 * @throws UsageError when the scenario is not there, cannot be read, or has problems
 * @returns the exit code, 0 */
export function runExplain(
  nameOrPath: string,
  options: ExplainOptions = {},
  { stdout }: Pick<Output, 'stdout'> = process,
) {
  const { requests: count = EXPLAINED, json = false } = options;
  const scenario = readScenario(nameOrPath, { seed: options.seed });
  const seed = scenario.seed ?? chooseSeed();
  const rehearsals = rehearse(scenario, count, seed);
  stdout.write(
    json ? renderJson(scenario, { seed, count, rehearsals }) : renderText(scenario, { seed, count, rehearsals }),
  );
  return 0;
}

interface Played {
  readonly seed: number;
  readonly count: number;
  readonly rehearsals: readonly Rehearsal[];
}

function renderJson(
  { name, description, profile, clients, warnings, expect }: Scenario,
  { seed, count, rehearsals }: Played,
): string {
  const told = rehearsals.map(({ thing, rules, passages }) => ({
    of: thing,
    faults: rules.map((rule) => report(rule, { thing, rules, passages }, count)),
    each: passages.slice(0, count).map(({ number, facts, effects }) => ({ number, facts, effects })),
  }));
  const json = JSON.stringify(
    {
      ...{ name, description, seed, profile, clients: asWritten(clients), warnings },
      expect: expect.map(({ check, expected }) => ({ check, expected })),
      rehearsals: told,
    },
    null,
    2,
  );
  return `${printableText(json)}\n`;
}

function renderText(scenario: Scenario, { seed, count, rehearsals }: Played): string {
  const { name, description, profile, warnings } = scenario;
  const identified = explainClients(scenario.clients);
  const chosen = scenario.seed === undefined ? ' (chosen now; --seed repeats it)' : '';
  const head = [
    `scenario "${name}", profile ${profile}, seed ${seed}${chosen}`,
    ...(description === undefined ? [] : [onOneLine(description)]),
    ...(identified === undefined ? [] : [identified]),
    ...warnings.map((warning) => `warning: ${warning}`),
  ]
    .map(printableLine)
    .join('\n');
  const body = rehearsals.map((rehearsal) => renderRehearsal(rehearsal, count));
  const expects = renderExpectations(scenario);
  const none = `No fault is armed: what happens is what the service always does in profile ${profile}.`;
  return `${[head, expects, ...(body.length > 0 ? body : [none])].join('\n\n')}\n`;
}

function renderExpectations({ expect }: Scenario): string {
  if (expect.length === 0)
    return 'It expects nothing of its client: `run` ends with exit code 3, whatever the client does.';
  const width = Math.max(...expect.map(({ check }) => check.length));
  const lines = expect.map(({ check, expected }) => `  ${check.padEnd(width)}  ${printableLine(expected)}`);
  return ['It expects of its client:', ...lines].join('\n');
}

/** A description may be a paragraph. */
const onOneLine = (paragraph: string) =>
  paragraph
    .trim()
    .split('\n')
    .map((line) => line.trim())
    .join(' ');

function renderRehearsal(rehearsal: Rehearsal, count: number): string {
  const { thing, rules, passages } = rehearsal;
  const faults = rules.map((rule) => renderFault(report(rule, rehearsal, count), thing, count));
  const width = Math.max(...passages.slice(0, count).map(({ facts }) => nameOf(thing, facts).length));
  const lines = passages.slice(0, count).map(({ number, facts, effects }) => {
    const what = `#${number}`.padEnd(`#${count}`.length);
    return `  ${what}  ${nameOf(thing, facts).padEnd(width)}  ${printableLine(renderEffects(effects))}`;
  });
  return [...faults, '', `The first ${many(count, thing)}, ${assumed[thing](rules)}:`, ...lines].join('\n');
}

/** What the rehearsal takes for granted. */
const assumed: Record<Thing, (rules: readonly FaultRule[]) => string> = {
  connection: () => 'one a second, if all of them stay open',
  request: (rules) =>
    `one a second, from one client, over ${
      looksAtConnections(rules)
        ? `connections of ${REQUESTS_PER_CONNECTION} requests`
        : 'one connection until it is ended'
    }`,
  download: () => 'one a second, of the rest of one file',
  task: () => 'one a second, from one client',
  callback: () => 'one a second, for one task',
  'DNS query': () => 'one a second',
};

const many = (count: number, thing: Thing) => `${count} ${plural(thing, count)}`;
const plural = (thing: Thing, count: number) => (count === 1 ? thing : thing.replace(/y$/, 'ie').concat('s'));

const nameOf = (thing: Thing, facts: Facts): string => printableLine(nameOfThing(thing, facts));

function nameOfThing(
  thing: Thing,
  { method, path, status, headers = {}, remote, serverName, model, name }: Facts,
): string {
  switch (thing) {
    case 'request':
    case 'download': {
      const sent = Object.entries(headers).map(([header, value]) => ` ${header}: ${value}`);
      return `${method} ${path}${sent.join(',')}${status === undefined ? '' : ` -> ${status}`}`;
    }
    case 'connection':
      return `from ${remote} for ${serverName}`;
    case 'task':
      return `of ${model}`;
    case 'callback':
      return `of status ${status}`;
    case 'DNS query':
      return `for ${name}`;
  }
}

/** What one thing gets, all faults together. */
function renderEffects(effects: readonly Effect[]): string {
  if (effects.length === 0) return 'as the service does';
  const byFault = Map.groupBy(effects, ({ fault }) => fault);
  return [...byFault]
    .map(([fault, own]) => {
      const done = own.map(({ did, hasEffect }) => (hasEffect ? did : `${did} [without effect]`));
      return `${done.join(', ')} ("${fault}")`;
    })
    .join('; ');
}

function report(rule: FaultRule, { passages }: Rehearsal, count: number): FaultReport {
  const struckIn = (those: readonly Passage[]) =>
    those.filter(({ effects }) => effects.some(({ fault }) => fault === rule.name));
  const told = passages.slice(0, count);
  const struck = struckIn(told);
  const [next] = struckIn(passages.slice(count));
  const withoutEffect = struck.filter(({ effects }) => {
    const own = effects.filter(({ fault }) => fault === rule.name);
    return own.every(({ hasEffect }) => !hasEffect);
  });
  const drawnFor = clientsDrawnFor(rule, told);
  return {
    name: rule.name,
    on: rule.on,
    explain: explainRule(rule),
    strikes: struck.map(({ number }) => number),
    ...(next && { next: next.number }),
    withoutEffect: withoutEffect.map(({ number }) => number),
    ...(drawnFor.length > 0 && { drawnFor }),
    passesBy: reasonsToPassBy(rule, passages, count),
  };
}

function clientsDrawnFor({ name, when }: FaultRule, passages: readonly Passage[]): readonly string[] {
  const drawn = when.per === 'client' ? passages.filter((passage) => passage.drawn.has(name)) : [];
  return [...new Set(drawn.flatMap(({ facts }) => facts.client ?? []))];
}

function reasonsToPassBy(rule: FaultRule, passages: readonly Passage[], count: number): FaultReport['passesBy'] {
  const reasons = new Map<string, { number: number; why: string }>();
  for (const { number, looks, effects } of passages.slice(0, count)) {
    const look = looks.find(({ fault }) => fault === rule.name);
    if (effects.some(({ fault }) => fault === rule.name)) continue;
    if (look?.strikes) remember('nothing to do', number, 'is struck, but there is nothing to do yet');
    else if (!look) remember('out of reach', number, 'does not get this far: what struck it before has ended it');
    else if (look.ordinal === undefined) remember(look.mismatch ?? '', number, `does not match: ${look.mismatch}`);
    else {
      const next = passages
        .slice(number)
        .find((later) => later.looks.some((one) => one.fault === rule.name && one.strikes));
      const its = next?.looks.find(({ fault }) => fault === rule.name)?.ordinal;
      const when = its === undefined ? 'there is no next strike' : `the next strike is at the ${rank(its)}`;
      remember('not its turn', number, `is not struck: it is the ${rank(look.ordinal)} of its kind, ${when}`);
    }
  }
  return [...reasons.values()];

  function remember(reason: string, number: number, why: string): void {
    if (!reasons.has(reason)) reasons.set(reason, { number, why });
  }
}

function renderFault(
  { name, explain, strikes, next, withoutEffect, drawnFor = [], passesBy }: FaultReport,
  thing: Thing,
  count: number,
) {
  const of =
    strikes.length > 0
      ? `strikes ${list(strikes)} of the first ${count}`
      : `strikes none of the first ${many(count, thing)}`;
  const later = next === undefined ? `, and none of the ${LOOK_AHEAD} after them` : `, and next #${next}`;
  const idle =
    withoutEffect.length > 0
      ? [`  without effect on ${list(withoutEffect)}: what it decides is decided already, or not reached`]
      : [];
  const drawn =
    drawnFor.length > 0
      ? [`  chance hangs on the client's name, assumed to be ${drawnFor.join(' or ')}: for another it falls otherwise`]
      : [];
  return [
    `fault "${name}"  ${explain}`,
    `  ${of}${strikes.length === count ? '' : later}`,
    ...idle,
    ...drawn,
    ...passesBy.map(({ number, why }) => `  ${thing} #${number} ${why}`),
  ]
    .map(printableLine)
    .join('\n');
}

const list = (numbers: readonly number[]) => numbers.map((number) => `#${number}`).join(', ');
