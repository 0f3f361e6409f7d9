import { Composer, type Document, Lexer, type LineCounter, Parser } from 'yaml';
import { type Problem, problem } from '../errors.ts';

/** How much a scenario may hold. Each limit is checked before the work that it bounds, so that reading a scenario blocks the
 * event loop for 200 ms at most: the server answers no client meanwhile. */
export const scenarioLimits = {
  bytes: 256 * 1024,
  lines: 20_000,
  /** Words, signs, spaces, comments and line ends, as YAML's lexer splits a text: these take time to read. */
  tokens: 45_000,
  /** Settings and items, counted again wherever an alias repeats them: these take time to check. */
  values: 25_000,
  depth: 64,
  aliases: 100,
} as const;

/** What there can be too much of. */
export type Excess = keyof typeof scenarioLimits;

const SPLIT = 'Split it into several scenarios.';
/** How a problem names what is counted, and the way out. */
const words: Readonly<Record<Excess, readonly [what: string, instead: string]>> = {
  bytes: ['bytes', SPLIT],
  lines: ['lines', SPLIT],
  tokens: ['tokens of YAML (words, signs, spaces, line ends)', SPLIT],
  values: ['settings and items, with those that aliases repeat', SPLIT],
  depth: ['levels', 'It is nested too deeply: no setting needs more than 10 levels.'],
  aliases: ['aliases', 'Write out what they stand for, or split it into several scenarios.'],
};

/** Says which limit a scenario is over.
 * @param counted how many there are; by default, at least one more than the limit */
export function excessProblem(of: Excess, place: Pick<Problem, 'at' | 'excerpt'> = {}, counted?: number): Problem {
  const [what, instead] = words[of];
  const limit = counted === undefined ? `${scenarioLimits[of]}` : `${scenarioLimits[of]} ${what}`;
  return problem(
    'SCENARIO_TOO_LARGE',
    { given: `${counted ?? `at least ${scenarioLimits[of] + 1}`} ${what}`, limit, instead },
    place,
  );
}

/** Stops the parser. */
export class ExcessError extends Error {
  override readonly name = 'ExcessError';
  readonly of: Excess;
  /** Where in the text the limit is passed. */
  readonly offset: number;

  constructor(of: Excess, offset: number) {
    super(`over the limit of ${of}`);
    this.of = of;
    this.offset = offset;
  }
}

const options = {
  prettyErrors: false,
  stringKeys: true,
  // Its own search takes the square of a map's keys.
  uniqueKeys: false,
  logLevel: 'error',
} as const;

/** Parses YAML within the limits.
 * @returns its documents, two at most: a scenario is one
 * @throws ExcessError */
export function parseWithin(text: string, lines: LineCounter): readonly Document.Parsed[] {
  const { stackTraceLimit } = Error;
  // A text may hold a mistake at every character, and a stack trace takes longer to make than the mistake to find.
  Error.stackTraceLimit = 0;
  try {
    const documents: Document.Parsed[] = [];
    for (const document of new Composer(options).compose(parseTokens(text, lines))) {
      if (documents.push(document) === 2) break;
    }
    return documents;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** Far more than are reported; each takes time. */
const MAX_MISTAKES = 1_000;
/** The lexer's mark that the next token is a plain scalar. */
const SCALAR = '\x1f';

/** Splits a text as the YAML library does, and counts what that takes for tokens, aliases and levels: quotes, comments and block
 * scalars mislead no count of ours. */
function* parseTokens(text: string, lines: LineCounter) {
  const parser = new Parser(lines.addNewLine);
  const counted = { tokens: 0, aliases: 0, mistakes: 0 };
  const count = (what: 'tokens' | 'aliases') => {
    if (++counted[what] > scenarioLimits[what]) throw new ExcessError(what, parser.offset);
  };
  let inScalar = false;
  lines.addNewLine(0);
  for (const token of new Lexer().lex(text)) {
    count('tokens');
    if (token[0] === '*' && !inScalar) count('aliases');
    inScalar = token === SCALAR && !inScalar;
    for (const part of parser.next(token)) {
      if (part.type !== 'error' || ++counted.mistakes <= MAX_MISTAKES) yield part;
    }
    // The document itself is on the stack too.
    if (parser.stack.length > scenarioLimits.depth + 1) throw new ExcessError('depth', parser.offset);
  }
  yield* parser.end();
}

/** Which limit a value is over: what several parts share is counted in each. */
export function findExcess(value: unknown): Excess | undefined {
  let values = 0;
  const look = (at: unknown, depth: number): Excess | undefined => {
    if (++values > scenarioLimits.values) return 'values';
    if (typeof at !== 'object' || at === null) return undefined;
    if (depth === scenarioLimits.depth) return 'depth';
    for (const child of Object.values(at)) {
      const excess = look(child, depth + 1);
      if (excess) return excess;
    }
    return undefined;
  };
  return look(value, 0);
}
