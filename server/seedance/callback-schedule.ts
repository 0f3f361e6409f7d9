import type { RetryClassName } from '../scenario/scenario.ts';

/** How the tries of a callback follow each other, and what becomes of it when none was acknowledged. */
export interface RetryClass {
  /** In all, the first one included. */
  readonly tries: number;
  /** From a try of this number, counted from 1, to the next one; `roll` is chance in [0, 1). In lane milliseconds. */
  pauseAfterMs(attempt: number, roll: number): number;
  /** How dead letters are kept, and how long; left out, there are none: the service keeps none. */
  readonly archive?: { readonly compressed: boolean; readonly keptMs?: number };
}

/** The pauses before the three further tries that the service grants (reference, Ark API section 9). */
const ARK_PAUSES_MS = [1_000, 2_000, 4_000] as const;

/** What exponential pauses begin with and double from; jitter makes each longer by up to half. */
const EXPONENTIAL_FROM_MS = 1_000;
const JITTER_SHARE = 0.5;

/** What each linear pause is longer by. */
const LINEAR_STEP_MS = 5_000;

const DAY_MS = 24 * 3_600_000;

/** The retry classes (reference, D5). Money is tried few times, with jitter, and whatever fails stays until somebody looks at it;
 * the rest is tried long and evenly, and takes little room afterwards, for a week. */
export const retryClasses: Readonly<Record<RetryClassName, RetryClass>> = {
  ark: {
    tries: 1 + ARK_PAUSES_MS.length,
    pauseAfterMs: (attempt) => ARK_PAUSES_MS[attempt - 1] ?? 0,
  },
  financial: {
    tries: 3,
    pauseAfterMs: (attempt, roll) => EXPONENTIAL_FROM_MS * 2 ** (attempt - 1) * (1 + JITTER_SHARE * roll),
    archive: { compressed: false },
  },
  operational: {
    tries: 8,
    pauseAfterMs: (attempt) => LINEAR_STEP_MS * attempt,
    archive: { compressed: true, keptMs: 7 * DAY_MS },
  },
};

/** The pause until the try after this one, in whole lane milliseconds, or undefined when that was the last. */
export function retryInMs(name: RetryClassName, attempt: number, roll: number): number | undefined {
  const { tries, pauseAfterMs } = retryClasses[name];
  return attempt < tries ? Math.round(pauseAfterMs(attempt, roll)) : undefined;
}
