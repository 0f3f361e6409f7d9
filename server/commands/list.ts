import { problem, renderProblem } from '../errors.ts';
import type { Fault } from '../faults/fault.ts';
import { faults } from '../faults/table.ts';
import { bundledScenarios } from '../scenario/bundled.ts';
import { closestTo } from '../scenario/closest.ts';
import { checks } from '../verdict/table.ts';
import { exitCodes } from '../verdict/verdict.ts';
import { type Output, renderColumns } from './output.ts';

const lists = { faults: listFaults, checks: listChecks, scenarios: listScenarios } as const;

/** `seedance-mock list [faults|checks|scenarios]`: one of them, or all.
 * @returns the exit code: 0, or 2 for a list that there is not */
export function runList(what?: string, { stdout, stderr }: Output = process): number {
  const known = Object.keys(lists) as (keyof typeof lists)[];
  const wanted = known.filter((name) => what === undefined || name === what);
  if (what !== undefined && wanted.length === 0) {
    const closest = closestTo(what, known);
    const expected = closest ? `Did you mean "${closest}"?` : `Write one of: ${known.join(', ')}.`;
    stderr.write(`${renderProblem(problem('INVALID_OPTION', { option: 'list', given: what, expected }))}\n`);
    return exitCodes.usage;
  }
  const sections = wanted.map((name) => (what === undefined ? `${name}\n${indent(lists[name]())}` : lists[name]()));
  stdout.write(sections.join('\n'));
  return exitCodes.pass;
}

const indent = (text: string) => text.replace(/^(?=.)/gm, '  ');

function listFaults(): string {
  return renderColumns(faults.map(({ name, on, summary }: Fault) => [name, on.join(', '), summary]));
}

function listChecks(): string {
  return renderColumns(checks.map(({ name, summary }) => [name, summary]));
}

function listScenarios(): string {
  return renderColumns(bundledScenarios().map(({ name, description }) => [name, description]));
}
