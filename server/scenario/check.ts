import type { z } from 'zod';
import { closestTo } from './closest.ts';
import type { Path } from './document.ts';
import { describeExpected } from './expected.ts';
import type { Findings } from './findings.ts';
import { knownKeys } from './schema-walk.ts';

type Issue = z.core.$ZodIssue;

/** Checks a part of a scenario, noting every problem.
 * @returns what the schema makes of it, or undefined when something is wrong */
export function checkPart<S extends z.ZodType>(
  schema: S,
  value: unknown,
  path: Path,
  findings: Findings,
): z.output<S> | undefined {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  reportIssues(result.error.issues, { schema, value, path, findings });
  return undefined;
}

interface Part {
  readonly schema: z.ZodType;
  readonly value: unknown;
  readonly path: Path;
  readonly findings: Findings;
}

function reportIssues(issues: readonly Issue[], part: Part): void {
  for (const [index, issue] of issues.entries()) {
    if (part.findings.isFull) return part.findings.hide(issues.length - index);
    reportIssue(issue, part);
  }
}

function reportIssue(issue: Issue, part: Part): void {
  if (issue.code === 'unrecognized_keys') {
    reportUnknownKeys(issue, part);
    return;
  }
  const { schema, value, path, findings } = part;
  const here = [...path, ...issue.path];
  const given = valueAt(value, issue.path);

  const meant = issue.code === 'invalid_union' && given !== undefined ? meantBranch(issue.errors) : undefined;
  if (meant) {
    const within = meant.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
    return reportIssues(within, part);
  }
  if (issue.code === 'invalid_key') {
    const expected = issue.issues[0]?.message ?? issue.message;
    findings.add('INVALID_VALUE', { reason: `"${String(here.at(-1))}" cannot stand here.`, expected }, here, 'key');
    return;
  }
  const expected = describeExpected(issue, given, knownKeys(schema, issue.path));
  if (given === undefined) findings.add('MISSING_KEY', { key: String(here.at(-1)), expected }, here);
  else if (isDurationProblem(issue.message)) findings.add(issue.message, durationDetails(issue, given), here);
  else findings.add('INVALID_VALUE', { reason: reasonFor(here, given), expected }, here);
}

function reportUnknownKeys({ keys, path: inner }: z.core.$ZodIssueUnrecognizedKeys, part: Part): void {
  const known = knownKeys(part.schema, inner);
  for (const [index, key] of keys.entries()) {
    if (part.findings.isFull) return part.findings.hide(keys.length - index);
    const place = [...part.path, ...inner, key];
    part.findings.add('UNKNOWN_KEY', { given: key, closest: closestTo(key, known), known }, place, 'key');
  }
}

/** The schemas of durations name the problem to report, in place of a message. */
const durationProblems = ['INVALID_DURATION', 'DURATION_TOO_LONG', 'DELAY_TOO_LONG'] as const;
type DurationProblem = (typeof durationProblems)[number];
const isDurationProblem = (message: string): message is DurationProblem =>
  durationProblems.some((code) => code === message);

function durationDetails(issue: Issue, given: unknown) {
  const limit = issue.code === 'custom' ? String(issue.params?.limit) : '';
  return { given: typeof given === 'number' && limit ? `${given}ms` : String(given), limit };
}

const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>((at, step) => (isRecord(at) ? at[String(step)] : undefined), value);

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Of the shapes a value may have, the one that was probably meant: the only one of its type, or the one with least wrong. */
function meantBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const ofItsType = branches.filter((issues) => !issues.some(isWrongShape));
  return ofItsType.toSorted((a, b) => a.length - b.length)[0];
}

const isWrongShape = ({ code, path }: Issue) =>
  path.length === 0 && (code === 'invalid_type' || code === 'invalid_value');

const MAX_SHOWN_CHARACTERS = 60;

function reasonFor(path: Path, given: unknown): string {
  const where = path.findLast((step) => typeof step === 'string');
  const subject = where === undefined ? 'This' : `${path.at(-1) === where ? '' : 'An item of '}"${where}"`;
  if (given === null) return `${subject} has no value.`;
  if (given === '' || (Array.isArray(given) && given.length === 0)) return `${subject} cannot be empty.`;
  const shown = JSON.stringify(given);
  return `${subject} cannot be ${shown.length > MAX_SHOWN_CHARACTERS ? `${shown.slice(0, MAX_SHOWN_CHARACTERS)}…` : shown}.`;
}
