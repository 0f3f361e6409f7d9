import { type DetailsOf, type Problem, type ProblemCode, problem, UsageError } from '../errors.ts';
import { MAX_PROBLEMS, type Path, type ScenarioDocument, withHidden } from './document.ts';

/** Collects what is wrong with a scenario, so that all of it is reported at once. */
export interface Findings {
  readonly isEmpty: boolean;
  /** Whether as many were noted as are reported at once; the rest need not be looked for. */
  readonly isFull: boolean;
  /** Notes a problem with the key or the value that stands at a path. */
  add<C extends ProblemCode>(code: C, details: DetailsOf<C>, path: Path, part?: 'key' | 'value'): void;
  /** Counts problems that are known to be there, without a report on each. */
  hide(count: number): void;
  /** All that was noted, in the order of the file. */
  toError(): UsageError;
}

/** Opens an empty collection for one document. */
export function collectFindings(document: ScenarioDocument): Findings {
  const problems: Problem[] = [];
  let hidden = 0;
  return {
    get isEmpty() {
      return problems.length === 0;
    },
    get isFull() {
      return problems.length >= MAX_PROBLEMS;
    },
    add: (code, details, path, part = 'value') => {
      if (problems.length < MAX_PROBLEMS) problems.push(problem(code, details, document.place(path, part)));
      else hidden++;
    },
    hide: (count) => {
      hidden += count;
    },
    toError: () => new UsageError(withHidden(sortByPlace(problems), hidden)),
  };
}

/** Problems in the order in which their places stand in the file. */
const sortByPlace = (problems: readonly Problem[]): Problem[] =>
  problems.toSorted((a, b) => (a.at?.line ?? 0) - (b.at?.line ?? 0) || (a.at?.column ?? 0) - (b.at?.column ?? 0));
