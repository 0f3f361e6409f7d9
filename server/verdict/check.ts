import type { z } from 'zod';
import type { Client, Evidence } from './evidence.ts';

/** `inconclusive`: what would tell did not happen, or could not be seen. Never a silent pass. */
export type Outcome = 'pass' | 'fail' | 'inconclusive';

/** What a check found. */
export interface Judgement {
  readonly outcome: Outcome;
  /** One sentence of what was seen, without a full stop. */
  readonly seen: string;
  /** The sequence numbers of the events that prove it; a report shows the first few. */
  readonly events: readonly number[];
  /** Of a failure, which of the check's findings it is: `too fast`. */
  readonly finding?: string;
  /** Of a failure, what to change in the client. */
  readonly hint?: string;
  /** What was measured, for whoever reads the report by program. */
  readonly figures?: Readonly<Record<string, number>>;
}

/** What a check cannot do without. */
export type Reliance =
  /** Resets that reach the client as resets: a proxy may turn them into FINs. */
  | 'resets'
  /** Connections on which single HTTP/2 frames can be seen. */
  | 'frames'
  /** HTTP/2 on offer. */
  | 'h2';

interface Definition<N extends string, S extends z.ZodType> {
  /** Kebab case, as under `expect:`. */
  readonly name: N;
  /** One sentence for `list`, the reference and the JSON Schema. */
  readonly summary: string;
  /** How exactly it is judged, in Markdown, for the reference. */
  readonly definition: string;
  readonly params: S;
  readonly relies?: readonly Reliance[];
  /** What is expected, in words that follow "expected". */
  readonly expects: (params: z.output<S>) => string;
  /** Judges each client by itself. */
  readonly judgeClient?: (client: Client, params: z.output<S>, evidence: Evidence) => Judgement;
  /** Judges the run as a whole, where what is judged is no client of the service: a receiver of callbacks. */
  readonly judgeRun?: (evidence: Evidence, params: z.output<S>) => Judgement;
}

/** A check as a scenario expects it, its parameters checked and bound. */
export interface Expectation {
  readonly check: string;
  readonly expected: string;
  readonly relies: readonly Reliance[];
  /** A judgement for each client, or one for the run, without a client. */
  readonly judge: (evidence: Evidence) => readonly { readonly client?: Client; readonly judgement: Judgement }[];
}

/** A check as the table holds it. */
export interface Check {
  readonly name: string;
  readonly summary: string;
  readonly definition: string;
  readonly params: z.ZodType;
  readonly relies: readonly Reliance[];
  /** Binds parameters that `params` has accepted. */
  readonly bind: (params: unknown) => Expectation;
}

/** A table row that still knows its own name and parameters. */
export interface CheckRow<N extends string, S extends z.ZodType> extends Check {
  readonly name: N;
  readonly params: S;
}

/** Turns a definition into a table row: the type of `params` is known here and nowhere else. */
export function defineCheck<const N extends string, S extends z.ZodType>(definition: Definition<N, S>): CheckRow<N, S> {
  const { name, summary, params, relies = [], expects, judgeClient, judgeRun } = definition;
  return {
    name,
    summary,
    definition: definition.definition,
    params,
    relies,
    bind: (given) => {
      const checked = given as z.output<S>;
      return {
        check: name,
        expected: expects(checked),
        relies,
        judge: (evidence) => [
          ...(judgeRun ? [{ judgement: judgeRun(evidence, checked) }] : []),
          ...(judgeClient
            ? evidence.clients.map((client) => ({ client, judgement: judgeClient(client, checked, evidence) }))
            : []),
        ],
      };
    },
  };
}

/** The judgements that most checks come to. */
export const pass = (seen: string, more: Omit<Judgement, 'outcome' | 'seen' | 'finding' | 'hint'>): Judgement => ({
  outcome: 'pass',
  seen,
  ...more,
});
export const fail = (
  seen: string,
  more: Omit<Judgement, 'outcome' | 'seen'> & Required<Pick<Judgement, 'finding' | 'hint'>>,
): Judgement => ({ outcome: 'fail', seen, ...more });
export const inconclusive = (seen: string, events: readonly number[] = []): Judgement => ({
  outcome: 'inconclusive',
  seen,
  events,
});

/** A count with its noun: `1 request`, `2 requests`. */
export const many = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** A share as `79.9 %`: rounded down, so that what falls short of a bound never looks as if it met it. */
export const percent = (share: number): string => `${Math.floor(share * 1_000 + 1e-9) / 10} %`;
