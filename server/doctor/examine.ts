import { reasonOf } from '../errors.ts';
import { type Examination, type Finding, type Outcome, unknown } from './examination.ts';
import type { Subject } from './subject.ts';

/** How long an examination may take unless it says otherwise: longer than any of them needs where all is well. */
export const DEFAULT_LIMIT_MS = 5_000;

/** What one examination found. */
export interface Examined extends Finding {
  readonly name: string;
}

/** What `doctor` found: the shape of `--json`. */
export interface DoctorReport {
  /** Of this shape. */
  readonly version: 1;
  /** The worst of all. */
  readonly outcome: Outcome;
  /** `HOST:PORT`; absent where this machine was examined. */
  readonly target?: string;
  /** In the order of the table. */
  readonly examinations: readonly Examined[];
}

/** Makes all examinations that can be made of a subject, side by side. None throws, and none takes longer than it may. */
export async function examineAll(table: readonly Examination[], subject: Subject): Promise<DoctorReport> {
  const examinations = await Promise.all(
    table
      .filter(({ only }) => only === undefined || only === subject.kind)
      .map(async (examination) => ({ name: examination.name, ...(await examineOne(examination, subject)) })),
  );
  return {
    version: 1,
    outcome: worstOf(examinations),
    ...(subject.kind === 'target' && { target: subject.address }),
    examinations,
  };
}

async function examineOne({ examine, limitMs = DEFAULT_LIMIT_MS }: Examination, subject: Subject): Promise<Finding> {
  // Real time: it is the user's patience that is bounded.
  const signal = AbortSignal.timeout(limitMs);
  const tooLong = new Promise<Finding>((resolve) => {
    signal.addEventListener('abort', () => resolve(unknown(`it took longer than ${limitMs / 1_000} s`)), {
      once: true,
    });
  });
  const examined = async () => examine(subject, signal);
  return Promise.race([
    tooLong,
    // What fails because its time is over has nothing more to say than that.
    examined().catch((error: unknown) => (signal.aborted ? tooLong : unknown(reasonOf(error)))),
  ]);
}

const severity: Readonly<Record<Outcome, number>> = { ok: 0, warn: 1, fail: 2 };

const worstOf = (findings: readonly Finding[]): Outcome =>
  findings.reduce<Outcome>((worst, { outcome }) => (severity[outcome] > severity[worst] ? outcome : worst), 'ok');
