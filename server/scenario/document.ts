import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  visit,
  type YAMLError,
} from 'yaml';
import { type Problem, problem, reasonOf, UsageError } from '../errors.ts';
import { renderExcerpt } from './excerpt.ts';

/** The way from the top of a scenario to a setting. */
export type Path = readonly PropertyKey[];

/** Where a problem stands, as `problem()` takes it. */
export type Place = Pick<Problem, 'at' | 'excerpt'>;

/** A scenario's text, read but not yet checked; it still knows where everything stood. */
export interface ScenarioDocument {
  readonly value: unknown;
  /** Where a setting stands: its key, or its value. A path that leads nowhere gives the last thing on it. */
  readonly place: (path: Path, part: 'key' | 'value') => Place;
}

/** Room for 2,000 faults, and little enough to be read in a moment. */
export const MAX_SCENARIO_BYTES = 256 * 1024;
/** More than anybody mends at one go. */
export const MAX_PROBLEMS = 100;
/** Aliases of aliases grow without end ("billion laughs"); no honest scenario comes near. */
const MAX_ALIAS_COUNT = 100;

/** Reads YAML, of which JSON is a part.
 * @throws UsageError with every mistake in the syntax
 * @returns undefined when the text holds nothing but space and comments */
export function readDocument(text: string, file: string): ScenarioDocument | undefined {
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_SCENARIO_BYTES) {
    const limit = `${MAX_SCENARIO_BYTES} bytes`;
    const at = { file, line: 1, column: 1 };
    throw new UsageError([problem('SCENARIO_TOO_LARGE', { given: `${bytes} bytes`, limit }, { at })]);
  }
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    // Its own search takes the square of a map's keys.
    uniqueKeys: false,
    logLevel: 'error',
  });
  const [document, second] = documents;
  const locate = (from: number, to: number) => locateSpan(text, file, lines, from, to);

  const found = [...documents].flatMap(({ errors, warnings }) => firstPerPlace([...errors, ...warnings]));
  const repeated = documents.length === 1 && document ? findRepeatedKeys(document) : [];
  found.push(...repeated);
  const problems = found.slice(0, MAX_PROBLEMS).map((error) => syntaxProblem(error, text, locate));
  if (second) {
    const at = second.contents?.range?.[0] ?? text.length;
    problems.push(
      problem('YAML_SYNTAX', { reason: 'A scenario is one document; here a second one starts.' }, locate(at, at)),
    );
  }
  if (problems.length > 0) throw new UsageError(problems);
  if (!document?.contents || isBlank(document.contents)) return undefined;

  return {
    value: resolveValue(document, locate),
    place: (path, part) => locate(...spanOf(document, path, part)),
  };
}

type Locate = (from: number, to: number) => Place;

function locateSpan(text: string, file: string, lines: LineCounter, from: number, to: number): Place {
  const { line, col } = lines.linePos(from);
  const start = from - (col - 1);
  const end = text.indexOf('\n', start);
  const source = text.slice(start, end < 0 ? undefined : end).trimEnd();
  return { at: { file, line, column: col }, excerpt: renderExcerpt(source, line, col, to - from) };
}

type Mistake = Pick<YAMLError, 'code' | 'message' | 'pos'>;

/** Keys that stood in their map before. */
function findRepeatedKeys(document: Document): Mistake[] {
  const repeated: Mistake[] = [];
  visit(document, {
    Map: (_, map) => {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        if (!isScalar(key) || !key.range) continue;
        const name = String(key.value);
        if (seen.has(name)) repeated.push({ code: 'DUPLICATE_KEY', message: '', pos: [key.range[0], key.range[1]] });
        seen.add(name);
      }
    },
  });
  return repeated;
}

/** One slip makes the parser complain several times at one place; the first complaint is the telling one. */
function firstPerPlace(errors: readonly YAMLError[]): Mistake[] {
  const tooDeep = errors.find(({ code }) => code === 'RESOURCE_EXHAUSTION');
  return tooDeep
    ? [tooDeep]
    : [...new Map(errors.toReversed().map((error) => [error.pos[0], error])).values()].toReversed();
}

function syntaxProblem({ code, message, pos }: Mistake, text: string, locate: Locate): Problem {
  const [from, to] = pos;
  if (code === 'DUPLICATE_KEY') {
    const given = /^["']?([^"':\s]+)/.exec(text.slice(from))?.[1] ?? '';
    return problem('DUPLICATE_KEY', { given }, locate(from, from + given.length));
  }
  const reason = code === 'RESOURCE_EXHAUSTION' ? 'This is nested too deeply to be read' : message;
  return problem('YAML_SYNTAX', { reason: `${reason}.` }, locate(from, to));
}

const isBlank = (node: Node) => isScalar(node) && node.value === null && !node.source;

function resolveValue(document: Document, locate: Locate): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIAS_COUNT });
  } catch (error) {
    const alias = findBrokenAlias(document);
    const range = alias?.range ?? document.contents?.range ?? [0, 0];
    throw new UsageError([problem('YAML_SYNTAX', { reason: `${reasonOf(error)}.` }, locate(range[0], range[1]))]);
  }
}

/** The alias that names no anchor, or else the first of too many. */
function findBrokenAlias(document: Document): Node | undefined {
  const aliases: Node[] = [];
  let unresolved: Node | undefined;
  visit(document, {
    Alias: (_, alias) => {
      aliases.push(alias);
      // Each look for an anchor goes through the whole document.
      if (!alias.resolve(document)) unresolved = alias;
      return unresolved || aliases.length > MAX_ALIAS_COUNT ? visit.BREAK : undefined;
    },
  });
  return unresolved ?? aliases[0];
}

function spanOf(document: Document, path: Path, part: 'key' | 'value'): [number, number] {
  let key: Node | undefined;
  let value: Node | undefined = document.contents ?? undefined;
  for (const step of path) {
    const next = childOf(document, value, step);
    if (!next) return tokenOf(value, key);
    ({ key, value } = next);
  }
  return part === 'key' && key ? tokenOf(key, key) : tokenOf(value, key);
}

interface Child {
  readonly key?: Node;
  readonly value?: Node;
}

function childOf(document: Document, parent: Node | undefined, step: PropertyKey): Child | undefined {
  const node = isAlias(parent) ? parent.resolve(document) : parent;
  if (isSeq<Node>(node)) {
    const value = node.items[Number(step)];
    return value && { value };
  }
  if (!isMap<Node, Node>(node)) return undefined;
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
  return pair && { key: pair.key, ...(pair.value && { value: pair.value }) };
}

/** What to put the caret under: a scalar and a flow collection as they stand, the first token of anything indented. */
function tokenOf(node: Node | undefined, key: Node | undefined): [number, number] {
  if (isCollection(node) && !node.flow) {
    const first: Node | Pair<Node> | undefined = node.items[0] as Node | Pair<Node> | undefined;
    if (isMap(node) && isPair<Node>(first)) return tokenOf(first.key, undefined);
    return [node.range?.[0] ?? 0, (node.range?.[0] ?? 0) + 1];
  }
  const [from, to] = node?.range ?? [0, 0];
  // `key:` with nothing behind it: there is no value to point at.
  if (from === to && key?.range) return [key.range[0], key.range[1]];
  return [from, to];
}
