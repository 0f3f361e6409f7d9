import type { Contradiction, Fault } from '../faults/fault.ts';
import { faults, faultsOn, findFault } from '../faults/table.ts';
import { whyNoOpenSsl } from '../openssl.ts';
import { checkPart } from './check.ts';
import { closestTo } from './closest.ts';
import { contradictionOf, findIdle, findRival } from './contradictions.ts';
import type { Path } from './document.ts';
import { faultSchema, MAX_FAULTS } from './file.ts';
import type { Findings } from './findings.ts';
import { type Item, readItem } from './item.ts';
import { type FaultRule, type Hook, hooks, type Injection, type Match, matchSchemas, whenSchema } from './scenario.ts';

/** Reads `faults:`, noting every problem of every fault. */
export function readRules(given: readonly unknown[], findings: Findings): FaultRule[] {
  // A longer list has been refused as it is.
  const isTooLong = given.length > MAX_FAULTS;
  const rules = given.flatMap((fault, index) =>
    isTooLong || findings.isFull ? [] : [readRule(fault, { path: ['faults', index], number: index + 1 }, findings)],
  );
  const names = new Set<string>();
  for (const [index, { name }] of rules.entries()) {
    if (names.has(name)) findings.add('DUPLICATE_NAME', { name }, ['faults', index, 'name']);
    names.add(name);
  }
  return rules;
}

interface Standing {
  readonly path: Path;
  /** What tells it from others when it has no name of its own. */
  readonly number: number;
}

/** Reads all it can: a mistake in `when` must not hide one in `inject`. What it returns holds only if nothing was noted. */
export function readRule(given: unknown, { path, number }: Standing, findings: Findings): FaultRule {
  checkPart(faultSchema, given, path, findings);
  const raw: Record<string, unknown> = isRecord(given) ? given : {};
  const on = hooks.find((hook) => hook === raw.on);
  const when = whenSchema.safeParse(raw.when ?? {}).data ?? {};
  const match = (on && readMatch(on, raw.match, [...path, 'match'], findings)) ?? {};
  const inject = on ? readInjections(raw.inject, { on, match, path: [...path, 'inject'], findings }) : [];

  const contradiction = on && contradictionOf(when, on);
  if (contradiction) noteContradiction(contradiction, [...path, 'when'], findings);
  const name = typeof raw.name === 'string' ? raw.name : `${inject[0]?.fault ?? 'fault'} #${number}`;
  const rule = { name, on: on ?? 'request', match, when, inject };
  const idle = findIdle(rule);
  if (idle) noteContradiction(idle, [...path, 'inject'], findings);
  return rule;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

function readMatch(on: Hook, given: unknown, path: Path, findings: Findings): Match {
  return given === undefined ? {} : (checkPart(matchSchemas[on], given, path, findings) ?? {});
}

interface Setting {
  readonly on: Hook;
  readonly match: Match;
  readonly path: Path;
  readonly findings: Findings;
}

function readInjections(given: unknown, setting: Setting): Injection[] {
  const before: Injection[] = [];
  const items: readonly unknown[] = Array.isArray(given) ? given : [];
  return items.flatMap((item, index) => {
    if (setting.findings.isFull) return [];
    const read = readItem(item, [...setting.path, index], setting.findings);
    const fault = read && lookUp(read, setting);
    const injection = fault && bindFault(fault, read, setting);
    if (!injection) return [];
    const rival = findRival(injection, before);
    if (rival) noteContradiction(rival, read.path, setting.findings);
    // One of each kind, or a long list takes the square of its length.
    if (!before.some((other) => isAlike(other, injection))) before.push(injection);
    return injection;
  });
}

/** Whether two injections rule out the same others. */
const isAlike = (a: Injection, b: Injection): boolean =>
  a.fault === b.fault && a.decides === b.decides && a.shapes === b.shapes && a.withholds.join() === b.withholds.join();

function lookUp({ name, path }: Item, { on, findings }: Setting): Fault | undefined {
  const fault = findFault(on, name);
  if (fault) return fault;
  const known = faultsOn(on).map((other) => other.name);
  const elsewhere = faults.filter((other) => other.name === name).flatMap((other) => other.on);
  findings.add(
    'UNKNOWN_FAULT',
    { given: name, hook: on, closest: closestTo(name, known), known, elsewhere },
    path,
    'key',
  );
  return undefined;
}

function bindFault(fault: Fault, { settings, path }: Item, { on, match, findings }: Setting): Injection | undefined {
  const params = checkPart(fault.params, settings, path, findings);
  if (params === undefined) return undefined;
  const contradiction = fault.contradiction(params, { on, match });
  if (contradiction) noteContradiction(contradiction, path, findings);
  const reason = fault.needsOpenSsl(params) ? whyNoOpenSsl() : undefined;
  if (reason !== undefined) findings.add('OPENSSL_OUT_OF_REACH', { fault: fault.name, reason }, path, 'key');
  return fault.bind(params);
}

function noteContradiction({ param, reason, instead }: Contradiction, path: Path, findings: Findings): void {
  if (param) findings.add('CONTRADICTION', { reason, instead }, [...path, param]);
  else findings.add('CONTRADICTION', { reason, instead }, path, 'key');
}
