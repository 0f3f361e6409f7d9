import {
  type Alias,
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
  visit,
  type YAMLError,
} from 'yaml';
import { type Problem, problem, reasonOf, UsageError } from '../errors.ts';
import { ExcessError, excessProblem, findExcess, parseWithin, scenarioLimits } from './bounds.ts';
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

/** More than anybody mends at one go. */
export const MAX_PROBLEMS = 100;

/** Reads YAML, of which JSON is a part.
 * @throws UsageError with every mistake in the syntax, or with the limit that the text is over
 * @returns undefined when the text holds nothing but space and comments */
export function readDocument(text: string, file: string): ScenarioDocument | undefined {
  refuseLongText(text, file);
  const lines = new LineCounter();
  const locate = (from: number, to: number) => locateSpan(text, file, lines, from, to);
  const documents = parse(text, lines, locate);
  refuseMistakes(documents, text, locate);
  const [document] = documents;
  if (!document?.contents || isBlank(document.contents)) return undefined;

  let targets: ReturnType<Aliases> | undefined;
  const aliases = () => (targets ??= resolveAliases(document));
  const value = readValue(document, aliases, locate);
  const excess = findExcess(value);
  if (excess) throw new UsageError([excessProblem(excess, locate(0, 0))]);
  return { value, place: (path, part) => locate(...spanOf({ document, aliases }, path, part)) };
}

/** @throws UsageError with every mistake in the syntax */
function refuseMistakes(documents: readonly Document.Parsed[], text: string, locate: Locate): void {
  const [document, second] = documents;
  const mistakes: Mistake[] = documents.flatMap(({ errors, warnings }) => firstPerPlace([...errors, ...warnings]));
  const found = document && !second ? mistakes.concat(findRepeatedKeys(document)) : mistakes;
  const problems = found.slice(0, MAX_PROBLEMS).map((error) => syntaxProblem(error, text, locate));
  if (second) {
    const at = second.contents?.range?.[0] ?? text.length;
    problems.push(
      problem('YAML_SYNTAX', { reason: 'A scenario is one document; here a second one starts.' }, locate(at, at)),
    );
  }
  if (problems.length > 0) throw new UsageError(withHidden(problems, found.length - MAX_PROBLEMS));
}

/** These problems, and how many more there are at the least. */
export const withHidden = (problems: readonly Problem[], hidden: number): readonly Problem[] =>
  hidden > 0 ? [...problems, problem('MORE_PROBLEMS', { hidden })] : problems;

/** @throws UsageError SCENARIO_TOO_LARGE */
function refuseLongText(text: string, file: string): void {
  const counted = {
    bytes: Buffer.byteLength(text),
    lines: text.split('\n').length - (text.endsWith('\n') ? 1 : 0),
  };
  const at = { file, line: 1, column: 1 };
  for (const what of ['bytes', 'lines'] as const) {
    if (counted[what] > scenarioLimits[what]) throw new UsageError([excessProblem(what, { at }, counted[what])]);
  }
}

/** @throws UsageError SCENARIO_TOO_LARGE */
function parse(text: string, lines: LineCounter, locate: Locate) {
  try {
    return parseWithin(text, lines);
  } catch (error) {
    if (!(error instanceof ExcessError)) throw error;
    throw new UsageError([excessProblem(error.of, locate(error.offset, error.offset))]);
  }
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
const firstPerPlace = (errors: readonly YAMLError[]): Mistake[] =>
  [...new Map(errors.toReversed().map((error) => [error.pos[0], error])).values()].toReversed();

function syntaxProblem({ code, message, pos }: Mistake, text: string, locate: Locate): Problem {
  const [from, to] = pos;
  if (code === 'DUPLICATE_KEY') {
    const given = /^["']?([^"':\s]+)/.exec(text.slice(from))?.[1] ?? '';
    return problem('DUPLICATE_KEY', { given }, locate(from, from + given.length));
  }
  return problem('YAML_SYNTAX', { reason: `${message}.` }, locate(from, to));
}

const isBlank = (node: Node) => isScalar(node) && node.value === null && !node.source;

/** What each alias stands for: the latest of its name before it. All in one walk, for each look of its own would be another. */
function resolveAliases(document: Document): ReadonlyMap<Alias, Node | undefined> {
  const anchors = new Map<string, Node>();
  const aliases = new Map<Alias, Node | undefined>();
  visit(document, {
    Node: (_, node) => {
      if (isAlias(node)) aliases.set(node, anchors.get(node.source));
      else if (node.anchor) anchors.set(node.anchor, node);
    },
  });
  return aliases;
}

/** Resolved when they are asked for: most scenarios have none. */
type Aliases = () => ReadonlyMap<Alias, Node | undefined>;

function readValue(document: Document, aliases: Aliases, locate: Locate): unknown {
  try {
    // It counts the anchor too.
    return document.toJS({ maxAliasCount: scenarioLimits.aliases + 1 });
  } catch (error) {
    // The one that names no anchor, or else the first of too many.
    const [broken] = [...aliases()].find(([, target]) => !target) ?? [...aliases()][0] ?? [];
    const [from, to] = broken?.range ?? document.contents?.range ?? [0, 0];
    throw new UsageError([problem('YAML_SYNTAX', { reason: `${reasonOf(error)}.` }, locate(from, to))]);
  }
}

interface Tree {
  readonly document: Document;
  readonly aliases: Aliases;
}

function spanOf(tree: Tree, path: Path, part: 'key' | 'value'): [number, number] {
  let key: Node | undefined;
  let value: Node | undefined = tree.document.contents ?? undefined;
  for (const step of path) {
    const next = childOf(tree.aliases, value, step);
    if (!next) return tokenOf(value, key);
    ({ key, value } = next);
  }
  return part === 'key' && key ? tokenOf(key, key) : tokenOf(value, key);
}

interface Child {
  readonly key?: Node;
  readonly value?: Node;
}

function childOf(aliases: Aliases, parent: Node | undefined, step: PropertyKey): Child | undefined {
  const node = isAlias(parent) ? aliases().get(parent) : parent;
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
