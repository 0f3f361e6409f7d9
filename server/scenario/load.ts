import { basename, extname } from 'node:path';
import { stringify } from 'yaml';
import type { z } from 'zod';
import { problem, reasonOf, UsageError } from '../errors.ts';
import type { FaultSpec } from '../faults/table.ts';
import type { CheckSpec } from '../verdict/table.ts';
import { excessProblem, findExcess } from './bounds.ts';
import { checkPart } from './check.ts';
import { readExpectations } from './checks.ts';
import { readClients, warnOfIdleEntries } from './clients.ts';
import { readDocument, type ScenarioDocument } from './document.ts';
import { scenarioSchema } from './file.ts';
import { collectFindings } from './findings.ts';
import { warnOfUnspoken } from './protocols.ts';
import { readRule, readRules } from './rules.ts';
import type { FaultRule, Hook, matchSchemas, Scenario, whenSchema } from './scenario.ts';
import { type ProfileName, resolveService } from './service.ts';

/** A fault as a program writes it: the same words as in YAML, completed and checked by the compiler. */
export type FaultInput = {
  [H in Hook]: {
    readonly name?: string;
    readonly on: H;
    readonly match?: z.input<(typeof matchSchemas)[H]>;
    readonly when?: z.input<typeof whenSchema>;
    readonly inject: readonly FaultSpec<H>[];
  };
}[Hook];

/** A scenario as a program writes it. */
export type ScenarioInput = Omit<z.input<typeof scenarioSchema>, 'faults' | 'expect'> & {
  readonly faults?: readonly FaultInput[];
  readonly expect?: readonly CheckSpec[];
};

export interface LoadOptions {
  /** Where the text comes from; left out, it was written in a program. */
  readonly file?: string;
  /** These take the place of the scenario's own. */
  readonly seed?: number | undefined;
  readonly profile?: ProfileName | undefined;
  readonly clock?: Scenario['clock'] | undefined;
}

/** Reads a scenario, with what takes the place of its own settings in the lane that it is for. */
export type ReadScenario = (instead: Pick<LoadOptions, 'profile'>) => Scenario;

/** What a program or a caller says of a clock: by hand, or how fast. Left out, nothing. */
export const clockOf = (clock: 'manual' | number | undefined): Scenario['clock'] | undefined => {
  if (clock === undefined) return undefined;
  return clock === 'manual' ? { speed: 1, mode: 'manual' } : { speed: clock, mode: 'real' };
};

/** What positions and the name say of a scenario that has no file. */
const INLINE = 'inline';

/** Reads a scenario: the text of a YAML or JSON file, or an object of a program.
 * An empty text is the default scenario, but an empty file is a mistake.
 * @throws UsageError with every problem of the scenario at once */
export function loadScenario(given: string | ScenarioInput, { file, ...instead }: LoadOptions = {}): Scenario {
  const source = typeof given === 'string' ? given : writeYaml(given);
  const document = readDocument(source, file ?? INLINE) ?? emptyDocument(file);
  return readScenario(document, { source, name: file ? nameOf(file) : INLINE, instead });
}

/** The items under `expect:` in a scenario's text, as they stand there. */
export const readExpected = (source: string): readonly unknown[] =>
  listIn(readDocument(source, INLINE)?.value, 'expect');

/** Reads items that stood under `expect:`, under rules that leave all of them something to see.
 * @throws UsageError with every problem of them at once */
export const loadExpected = (expect: readonly unknown[]): Scenario['expect'] =>
  loadScenario(JSON.stringify({ profile: 'dual-stack', expect })).expect;

/** Reads one fault, as it stands under `faults:`, from YAML or JSON.
 * @param number what tells it from others when it has no name of its own
 * @throws UsageError with every problem of the fault at once */
export function loadFault(source: string, { file, number }: { file: string; number: number }): FaultRule {
  const document = readDocument(source, file) ?? emptyDocument(file);
  const findings = collectFindings(document);
  const rule = readRule(document.value, { path: [], number }, findings);
  if (!findings.isEmpty) throw findings.toError();
  return rule;
}

const nameOf = (file: string) => basename(file, extname(file));

/** An object has no lines to point at, so it gets some. */
function writeYaml(given: ScenarioInput): string {
  // Through JSON first: YAML would write shared objects as anchors and aliases, and loops without end.
  const plain: unknown = JSON.parse(writeJson(given));
  const excess = findExcess(plain);
  if (excess) throw new UsageError([excessProblem(excess)]);
  return stringify(plain);
}

function writeJson(given: ScenarioInput): string {
  try {
    return JSON.stringify(given);
  } catch (error) {
    // The stack ends where there are too many levels.
    if (error instanceof RangeError) throw new UsageError([excessProblem('depth')]);
    const expected = 'Use only what JSON can hold, and no loops.';
    const reason = `The scenario cannot be written as YAML: ${reasonOf(error)}.`;
    throw new UsageError([problem('INVALID_VALUE', { reason, expected })]);
  }
}

function emptyDocument(file: string | undefined): ScenarioDocument {
  if (file === undefined) return { value: {}, place: () => ({}) };
  throw new UsageError([problem('EMPTY_SCENARIO', {}, { at: { file, line: 1, column: 1 } })]);
}

interface Origin {
  readonly source: string;
  readonly name: string;
  readonly instead: Omit<LoadOptions, 'file'>;
}

function readScenario(document: ScenarioDocument, { source, name, instead }: Origin): Scenario {
  const findings = collectFindings(document);
  const given = document.value;
  const checked = checkPart(scenarioSchema, given, [], findings);
  const faults = readRules(listIn(given, 'faults'), findings);
  const profile = instead.profile ?? checked?.profile ?? 'seedance';
  const service = resolveService(profile, checked?.service);
  const expect = readExpectations(listIn(given, 'expect'), service, findings);
  if (!checked || !findings.isEmpty) throw findings.toError();

  const { description, tasks, callbacks, media, limits } = checked;
  const clients = readClients(checked.clients);
  const { seed = checked.seed, clock = checked.clock } = instead;
  return {
    name: checked.name ?? name,
    ...(description !== undefined && { description }),
    ...(seed !== undefined && { seed }),
    profile,
    ...(instead.profile && { forcedProfile: instead.profile }),
    ...(clock && { clock }),
    clients,
    service,
    tasks,
    callbacks,
    media,
    ...(limits && { limits }),
    faults,
    expect,
    source,
    warnings: [...warnOfUnspoken(service, faults), ...warnOfIdleEntries(clients)],
  };
}

/** The items of a list that may be missing or be no list at all; `scenarioSchema` has complained of the latter. */
function listIn(given: unknown, key: 'faults' | 'expect'): readonly unknown[] {
  if (typeof given !== 'object' || given === null) return [];
  const list: unknown = Object.getOwnPropertyDescriptor(given, key)?.value;
  return Array.isArray(list) ? list : [];
}
