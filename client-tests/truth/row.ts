import type { ScenarioInput } from '../../server/index.ts';
import type { Outcome } from '../../server/verdict/check.ts';
import type { Client } from './node/client.ts';

/** The ways in which the corpus runs. */
export const modes = ['alone', 'parallel', 'copies', 'speed', 'manual'] as const;
export type Mode = (typeof modes)[number];

export const languages = ['node', 'python', 'go'] as const;
export type Language = (typeof languages)[number];

/** `pass`, `fail`, `fail: duplicate` (with its finding) or `inconclusive: why` (the reason that the table lists). */
export type Want = 'pass' | 'fail' | `fail: ${string}` | `inconclusive: ${string}`;

/** What a check must find; of several, any one will do. */
export type Wants = Want | readonly Want[];

/** By the name of a check. The check need not exist yet: then it is listed under `needs`. */
export type Required = Readonly<Record<string, Wants>>;

/** A behaviour of a client in a situation, and what the verdict must say of it. */
export interface Row {
  /** Kebab case, unique within its language. Programs in Python and Go are found by it. */
  readonly name: string;
  readonly language: Language;
  /** What the client does, as the subject of a sentence that the table completes. */
  readonly does: string;
  readonly scenario: Omit<ScenarioInput, 'expect'>;
  readonly required: Required;
  /** What the scenario says under `clients:`, as soon as it may say it. */
  readonly clients?: object;
  /** The settings of its checks; left out, their defaults. */
  readonly params?: Readonly<Record<string, object>>;
  /** Where a mode changes what the wire shows: what must be found there. */
  readonly modes?: Partial<Readonly<Record<Mode, Required>>>;
  /** Modes in which the situation does not arise, such as a local port that six copies cannot share. */
  readonly not?: readonly Mode[];
  /** Checks and settings that do not exist yet. The row counts as soon as they do. */
  readonly needs?: readonly Need[];
  /** How many processes run it, each with an API key of its own; left out, one. */
  readonly processes?: number;
  /** Whether its faults may fail to strike: the client gets by without meeting them. */
  readonly faultsMayMiss?: true;
  /** Whether its tasks never end. */
  readonly tasksStayOpen?: true;
  /** The program, where it is one for Node. */
  readonly program?: (client: Client) => Promise<unknown>;
}

/** What does not exist yet: a check, by its name, or a setting of the scenario, by the words of the design. */
export type Need = string;

/** The outcomes that a requirement allows. */
export const allowed = (wants: Wants): readonly Outcome[] => listOf(wants).map((want) => outcomeOf(want));

export const listOf = (wants: Wants): readonly Want[] => (typeof wants === 'string' ? [wants] : wants);

export function outcomeOf(want: Want): Outcome {
  const [word] = want.split(':');
  return word === 'pass' || word === 'fail' ? word : 'inconclusive';
}

/** After the colon: the finding of a failure, or the reason why nothing is certain. */
export const detailOf = (want: Want): string | undefined => want.split(': ')[1];

/** A situation, and the languages in which there is a program for it. */
export interface Situation extends Omit<Row, 'language' | 'program'> {
  readonly in: readonly Exclude<Language, 'node'>[] | readonly [];
  readonly program?: Row['program'];
}

/** One row for each language. */
export function rowsOf(situations: readonly Situation[]): readonly Row[] {
  return situations.flatMap(({ in: others, program, ...row }) => [
    ...(program ? [{ ...row, language: 'node' as const, program }] : []),
    ...others.map((language) => ({ ...row, language })),
  ]);
}

/** How a row is called on the command line and in the table. */
export const nameOf = ({ name, language }: Row): string => `${name}/${language}`;
