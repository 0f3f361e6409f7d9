import type { Mode } from './row.ts';

/** A verdict that is wrong today. */
export interface WrongToday {
  readonly row: string;
  readonly mode: Mode;
  readonly check: string;
  /** `pass`, `inconclusive`, or `fail` with its finding. */
  readonly found: string;
}

/** The verdicts that are wrong today. A test insists that each of them is, and that no other is: the list only shrinks. */
export const wrongToday: readonly WrongToday[] = [];
