import type { Stage } from './stage.ts';

/** One line of the table. */
export interface Row {
  readonly figure: string;
  readonly ours: string;
  /** Left out where there is none. */
  readonly rival?: string;
  /** What stands between the two: a ratio or a difference. */
  readonly between?: string;
  readonly target: string;
  readonly met: boolean;
}

/** Something we promise, and how it is measured. */
export interface Figure {
  readonly name: string;
  readonly summary: string;
  /** How many times each side is measured when nobody says otherwise. */
  readonly rounds: number;
  measure(stage: Stage, rounds: number): Promise<readonly Row[]>;
}
