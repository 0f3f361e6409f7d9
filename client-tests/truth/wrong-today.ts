import type { Mode } from './row.ts';

/** A verdict that is wrong today. */
export interface WrongToday {
  readonly row: string;
  readonly check: string;
  readonly modes: readonly Mode[];
  /** `pass`, `inconclusive`, `fail` with its finding, or that copies were taken for one client. */
  readonly found: string;
  /** It is right in some runs: what the check measures today depends on chance. */
  readonly sometimes?: true;
}

/**
 * The verdicts that are wrong today, of those that CI looks at. A test insists that each of them is wrong, and that no
 * other is: the list only shrinks. `npm run truth -- --ci --write` writes it again.
 */
export const wrongToday: readonly WrongToday[] = [];
