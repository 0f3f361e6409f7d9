import { describe, expect, test } from 'vitest';
import { UsageError } from '../errors.ts';
import { scenarioLimits } from './bounds.ts';
import { MAX_PROBLEMS, readDocument } from './document.ts';
import { loadFault, loadScenario, type ScenarioInput } from './load.ts';

/** The problems of what a function refuses, or an empty list. */
function problemsOf(read: () => unknown) {
  try {
    read();
    return [];
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.problems;
  }
}

/** Each problem of reading a text as YAML: place, code and message. */
const readProblems = (text: string) =>
  problemsOf(() => readDocument(text, 'a.yaml')).map(
    ({ at, code, message }) => `${at?.line}:${at?.column} ${code} ${message}`,
  );

const { lines, tokens, values, depth, aliases } = scenarioLimits;
const nest = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

describe('a text is read up to each limit', () => {
  test.each([
    ['lines', '# x\n'.repeat(lines - 1).concat('a: 1\n')],
    // A word is a mark and itself, each comma one more; the brackets and the mark of the document are three.
    ['tokens', `[${'a,'.repeat(tokens / 3 - 1)}]`],
    ['levels in brackets', nest(depth)],
    ['levels by indentation', Array.from({ length: depth - 1 }, (_, n) => `${' '.repeat(n)}a:`).join('\n')],
    ['aliases', `a: &x 1\nb: [${'*x,'.repeat(aliases)}]`],
  ])('%s', (_, text) => expect(readProblems(text)).toEqual([]));
});

describe('a text is refused above each limit, in its place', () => {
  test.each([
    ['lines', '# x\n'.repeat(lines + 1), `1:1`, `${lines + 1} lines, over the limit of ${lines} lines.`],
    ['tokens', `[${'a,'.repeat(tokens / 3)}]`, `1:${(tokens / 3) * 2}`, `at least ${tokens + 1} tokens of YAML`],
    [
      'levels in brackets',
      nest(depth + 1),
      `1:${depth + 2}`,
      `at least ${depth + 1} levels, over the limit of ${depth}.`,
    ],
    ['levels in braces', '{a: '.repeat(depth + 1), `1:${4 * depth + 2}`, 'levels'],
    ['levels of lists', '- '.repeat(depth + 1), `1:${2 * depth + 2}`, 'levels'],
    ['levels of keys', '? '.repeat(depth + 1), `1:${2 * depth + 2}`, 'levels'],
    [
      'levels by indentation',
      Array.from({ length: depth + 1 }, (_, n) => `${' '.repeat(n)}a:\n`).join(''),
      `${depth + 1}:${depth + 2}`,
      'levels',
    ],
    [
      'aliases',
      `a: &x 1\nb: [${'*x,'.repeat(aliases + 1)}]`,
      '2:305',
      `at least ${aliases + 1} aliases, over the limit`,
    ],
    ['aliases of nothing', `[${'*x,'.repeat(aliases + 1)}]`, '1:302', 'aliases'],
  ])('%s', (_, text, place, words) =>
    expect(readProblems(text)).toEqual([
      expect.stringMatching(new RegExp(`^${place} SCENARIO_TOO_LARGE The scenario has .*${words}`)),
    ]),
  );

  test.each([
    ['JSON', JSON.stringify({ faults: Array.from({ length: 5_000 }, (_, n) => ({ name: `f${n}`, on: 'dns' })) })],
    ['one long line', `faults: [${'{on: dns},'.repeat(8_000)}]`],
    ['documents', '--- a\n'.repeat(15_000)],
  ])('%s', (_, text) => {
    expect(Buffer.byteLength(text)).toBeLessThan(scenarioLimits.bytes);
    expect(readProblems(text).join()).toMatch(/SCENARIO_TOO_LARGE|second one starts/);
  });

  test('aliases that make a small text large', () => {
    const text = `a: &x [${'1,'.repeat(values / 50)}]\nb: [${'*x,'.repeat(60)}]`;
    expect(readProblems(text)).toEqual([expect.stringContaining(`1:1 SCENARIO_TOO_LARGE The scenario has at least`)]);
  });

  test('aliases that make a flat text deep', () => {
    const text = `a: &x ${nest(depth / 2)}\nb: ${'['.repeat(depth / 2)}*x${']'.repeat(depth / 2)}`;
    expect(readProblems(text)).toEqual([expect.stringMatching(/at least 65 levels, over the limit of 64/)]);
  });
});

describe('what only looks like a bracket or an alias is not counted', () => {
  const many = (text: string) => text.repeat(1_000);
  test.each([
    ['in double quotes', `a: "${many('[ *x ')}"`],
    ['in single quotes', `a: '${many('[ *x ')}'`],
    ['in a comment', `a: 1 # ${many('[ *x ')}`],
    ['in a block scalar', `a: |\n${many('  [ *x\n')}`],
    ['in a folded scalar', `a: >-\n${many('  - - *x\n')}`],
    ['in a plain scalar', `a: b${many('[ *x ')}`],
    ['in the patterns of paths', `a: [${many('/tasks/*, ')}]`],
  ])('%s', (_, text) => expect(readProblems(text)).toEqual([]));

  test('and a mark of the lexer in the text hides no alias', () =>
    expect(readProblems(`[${'\x1f\x1f, *x, '.repeat(aliases + 1)}]`)).toEqual([
      expect.stringContaining(`at least ${aliases + 1} aliases`),
    ]));
});

describe('an object of a program has the same limits', () => {
  const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);
  test.each([
    ['levels', { faults: nested(depth) }, 'at least 65 levels'],
    ['more levels than the stack holds', { faults: JSON.parse(nest(100_000)) }, 'at least 65 levels'],
    ['settings and items', { expect: Array(values).fill('backoff') }, `at least ${values + 1} settings and items`],
    ['tokens', { expect: Array(tokens / 5).fill('backoff') }, `at least ${tokens + 1} tokens of YAML`],
    ['bytes', { name: 'x'.repeat(scenarioLimits.bytes) }, 'bytes'],
  ])('%s', (_, scenario, words) =>
    expect(problemsOf(() => loadScenario(scenario as ScenarioInput))).toMatchObject([
      { code: 'SCENARIO_TOO_LARGE', message: expect.stringContaining(words) },
    ]),
  );
});

describe(`no more than ${MAX_PROBLEMS} problems are reported, and how many more there are`, () => {
  const unknown = Array.from({ length: 150 }, (_, n) => `k${n}: 1\n`).join('');
  test.each([
    ['unknown settings', () => loadScenario(unknown), 50],
    ['settings given twice', () => loadScenario('name: a\n'.repeat(151)), 50],
    ['mistakes in the syntax', () => loadScenario(`a: [${',,'.repeat(60)}]`), 19],
    ['items of the wrong type', () => loadScenario(`media: { assets: [${'1,'.repeat(150)}] }`), 50],
    ['ordinals', () => loadFault(fault(`when: { nth: [${'x,'.repeat(150)}] }`), { file: 'a.yaml', number: 1 }), 50],
  ])('%s', (_, read, hidden) => {
    const problems = problemsOf(read);

    expect(problems).toHaveLength(MAX_PROBLEMS + 1);
    expect(problems.at(-1)).toMatchObject({
      code: 'MORE_PROBLEMS',
      message: `At least ${hidden} more problems are not shown.`,
    });
  });

  test('a hundred are all there is', () =>
    expect(problemsOf(() => loadScenario('name: a\n'.repeat(101)))).toHaveLength(MAX_PROBLEMS));
});

const fault = (setting: string) => `on: request\ninject: [ delay: { ms: 1 } ]\n${setting}\n`;

test('an injection that another rules out is found behind many', () => {
  const many = 'delay: { ms: 1 }, '.repeat(500);
  const text = `{ on: request, inject: [ ${many} status: { code: 500 }, ${many} status: { code: 503 } ] }`;

  expect(problemsOf(() => loadFault(text, { file: 'a.yaml', number: 1 }))).toMatchObject([{ code: 'CONTRADICTION' }]);
});

test('a list of too many faults is refused as it is, whatever is in it', () =>
  expect(problemsOf(() => loadScenario(`faults: [${'x,'.repeat(2_001)}]`))).toMatchObject([
    { code: 'INVALID_VALUE', hint: 'Give it 2000 at most.' },
  ]));
