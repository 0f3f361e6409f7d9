import { type DetailsOf, type Problem, type ProblemCode, problem } from '../errors.ts';
import { MAX_PROBLEMS, type Path, type ScenarioDocument } from './document.ts';

/** Collects what is wrong with a scenario, so that all of it is told at once. */
export interface Findings {
  readonly problems: readonly Problem[];
  /** Whether as many were noted as are told at once; the rest need not be looked for. */
  readonly isFull: boolean;
  /** Notes a problem with the key or the value that stands at a path. */
  add<C extends ProblemCode>(code: C, details: DetailsOf<C>, path: Path, part?: 'key' | 'value'): void;
}

/** Opens an empty collection for one document. */
export function collectFindings(document: ScenarioDocument): Findings {
  const problems: Problem[] = [];
  return {
    problems,
    get isFull() {
      return problems.length >= MAX_PROBLEMS;
    },
    add: (code, details, path, part = 'value') => {
      if (problems.length < MAX_PROBLEMS) problems.push(problem(code, details, document.place(path, part)));
    },
  };
}

/** Problems in the order in which their places stand in the file. */
export const sortByPlace = (problems: readonly Problem[]): Problem[] =>
  problems.toSorted((a, b) => (a.at?.line ?? 0) - (b.at?.line ?? 0) || (a.at?.column ?? 0) - (b.at?.column ?? 0));
