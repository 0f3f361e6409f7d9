import type { Subject } from './subject.ts';

/** `warn`: it works, or may work, but not as one would think; or it cannot be told. */
export type Outcome = 'ok' | 'warn' | 'fail';

/** What an examination found. */
export interface Finding {
  readonly outcome: Outcome;
  /** One sentence of what was seen, without a full stop. */
  readonly seen: string;
  /** What to do about it. */
  readonly remedy?: string;
}

/** An examination as the table holds it. It leaves what it looks at as it was. */
export interface Examination {
  /** Kebab case, as the report shows it. */
  readonly name: string;
  /** One sentence. */
  readonly summary: string;
  /** Of what it can be made; left out: of this machine and of a target. */
  readonly only?: Subject['kind'];
  /** How long it may take, in real time; left out: `DEFAULT_LIMIT_MS`. */
  readonly limitMs?: number;
  /** @param signal aborts when its time is over */
  readonly examine: (subject: Subject, signal: AbortSignal) => Promise<Finding> | Finding;
}

/** The findings that examinations come to. */
export const ok = (seen: string): Finding => ({ outcome: 'ok', seen });
export const warn = (seen: string, remedy?: string): Finding => ({
  outcome: 'warn',
  seen,
  ...(remedy !== undefined && { remedy }),
});
export const fail = (seen: string, remedy: string): Finding => ({ outcome: 'fail', seen, remedy });

/** What could not be looked at is no pass. */
export const unknown = (why: string, remedy?: string): Finding => warn(`cannot be told: ${why}`, remedy);
