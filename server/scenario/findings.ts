import { type DetailsOf, type Problem, type ProblemCode, problem } from '../errors.ts';
import type { Path, ScenarioDocument } from './document.ts';

/** Collects what is wrong with a scenario, so that all of it is told at once. */
export interface Findings {
  readonly problems: readonly Problem[];
  /** Notes a problem with the key or the value that stands at a path. */
  add<C extends ProblemCode>(code: C, details: DetailsOf<C>, path: Path, part?: 'key' | 'value'): void;
}

/** Opens an empty collection for one document. */
export function collectFindings(document: ScenarioDocument): Findings {
  const problems: Problem[] = [];
  return {
    problems,
    add: (code, details, path, part = 'value') => {
      problems.push(problem(code, details, document.place(path, part)));
    },
  };
}

/** Problems in the order in which their places stand in the file. */
export const sortByPlace = (problems: readonly Problem[]): Problem[] =>
  problems.toSorted((a, b) => (a.at?.line ?? 0) - (b.at?.line ?? 0) || (a.at?.column ?? 0) - (b.at?.column ?? 0));
