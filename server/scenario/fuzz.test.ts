import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { UsageError } from '../errors.ts';
import { faults } from '../faults/table.ts';
import { bundledScenarios } from './bundled.ts';
import { scenarioSchema } from './file.ts';
import { loadFault, loadScenario } from './load.ts';
import { hooks, matchSchemas, whenSchema } from './scenario.ts';

/** The same inputs in each run. `FUZZ_SEED` tries others, `FUZZ_RUNS` more; a failure prints the seed and the path to it. */
const fuzzing = {
  seed: Number(process.env.FUZZ_SEED ?? 20_261_122),
  numRuns: Number(process.env.FUZZ_RUNS ?? 100),
  interruptAfterTimeLimit: 60_000,
};

/** Loads what may be anything, and holds the loader to its word. */
function survive(load: () => unknown, text: string): void {
  try {
    load();
  } catch (error) {
    // Whatever else is thrown is a crash, and its stack tells more than an assertion would.
    if (!(error instanceof UsageError)) throw error;
    const lines = text.split(/\r\n|\r|\n/);
    expect(error.problems.length).toBeGreaterThan(0);
    for (const { code, message, hint, at } of error.problems) {
      if (code === 'MORE_PROBLEMS') continue;
      expect([message, hint]).toEqual([expect.stringMatching(/\S/), expect.stringMatching(/\S/)]);
      expect(at).toEqual({ file: 'fuzz.yaml', line: expect.any(Number), column: expect.any(Number) });
      expect(at?.line).toBeGreaterThanOrEqual(1);
      expect(at?.line).toBeLessThanOrEqual(lines.length);
      expect(at?.column).toBeGreaterThanOrEqual(1);
    }
  }
}

const surviveBoth = (text: string) => {
  survive(() => loadScenario(text, { file: 'fuzz.yaml' }), text);
  survive(() => loadFault(text, { file: 'fuzz.yaml', number: 1 }), text);
};

const words = [
  ...Object.keys(scenarioSchema.shape),
  ...Object.keys(whenSchema.shape),
  ...Object.values(matchSchemas).flatMap(({ shape }) => Object.keys(shape)),
  ...hooks,
  ...faults.map(({ name }) => name),
  ...['on', 'match', 'when', 'inject', 'lane', 'client', '8s', '250ms', '-1s', '99h', 'off', 'GET', '/tasks/:id', '*'],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', '', ' ', '~', '0x10', '1e999', '.nan', '&a', '*a'],
];
const word = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...words) },
  fc.string({ unit: 'grapheme', maxLength: 8 }),
);
const leaf = fc.oneof(word, fc.integer(), fc.double(), fc.boolean(), fc.constant(null));
const { value: anything } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(word, tie('value'), { maxKeys: 5 }),
  ),
}));

test('any text is read or refused', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), surviveBoth), fuzzing);
});

test('any text of the signs that YAML is made of is read or refused', () => {
  const sign = fc.constantFrom(
    ...'-:?,[]{}#&*!|>\'"%@`~ \t\n\r\\',
    '- ',
    ': ',
    '\n  ',
    '---\n',
    '...\n',
    '<<: ',
    '!!',
    'a',
    '1',
  );
  fc.assert(
    fc.property(
      fc.array(fc.oneof(sign, word), { maxLength: 60 }).map((signs) => signs.join('')),
      surviveBoth,
    ),
    fuzzing,
  );
});

test('any value is read or refused, as YAML and as JSON', () => {
  fc.assert(
    fc.property(anything, (value) => {
      surviveBoth(stringify(value) ?? '');
      surviveBoth(JSON.stringify(value));
    }),
    fuzzing,
  );
});

test('any fault with words that are known is read or refused', () => {
  const settings = fc.dictionary(word, anything, { maxKeys: 3 });
  const fault = fc.record(
    {
      name: leaf,
      on: fc.constantFrom(...hooks),
      match: settings,
      when: settings,
      inject: fc.array(fc.oneof(word, settings), { maxLength: 3 }),
    },
    { requiredKeys: ['on', 'inject'] },
  );
  fc.assert(
    fc.property(fc.array(fault, { maxLength: 3 }), (list) => surviveBoth(stringify({ faults: list }))),
    fuzzing,
  );
});

const bundled = bundledScenarios().map(({ file }) => readFileSync(file, 'utf8'));

/** One slip of the hand. */
const slip = fc.record({
  kind: fc.constantFrom('delete', 'duplicate', 'replace', 'indent', 'value', 'cut', 'insert'),
  at: fc.nat(),
  text: word,
});

function makeSlip(text: string, { kind, at, text: other }: { kind: string; at: number; text: string }): string {
  const lines = text.split('\n');
  const line = at % lines.length;
  const here = lines[line] ?? '';
  const place = at % (text.length + 1);
  switch (kind) {
    case 'delete':
      return lines.toSpliced(line, 1).join('\n');
    case 'duplicate':
      return lines.toSpliced(line, 0, here).join('\n');
    case 'replace':
      return lines.toSpliced(line, 1, other).join('\n');
    case 'indent':
      return lines.toSpliced(line, 1, at % 2 ? ` ${here}` : here.trimStart()).join('\n');
    case 'value':
      return lines
        .toSpliced(line, 1, here.replace(/(: *)[^:,{}[\]]+/, `$1${other.replaceAll('$', '$$$$')}`))
        .join('\n');
    case 'cut':
      return text.slice(0, place);
    default:
      return text.slice(0, place) + other + text.slice(place);
  }
}

test('a bundled scenario with a few slips is read or refused', () => {
  fc.assert(
    fc.property(fc.constantFrom(...bundled), fc.array(slip, { minLength: 1, maxLength: 4 }), (text, slips) =>
      surviveBoth(slips.reduce(makeSlip, text)),
    ),
    fuzzing,
  );
});

import { scenarioLimits } from './bounds.ts';

const fill = (piece: (n: number) => string): string => {
  let text = '';
  for (let n = 0; text.length < scenarioLimits.bytes - 100; n++) text += piece(n);
  return text;
};

test.each<[string, string]>([
  [
    'a billion laughs',
    `a0: &a0 [x]\n${Array.from({ length: 30 }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n},`.repeat(9)}]\n`).join('')}`,
  ],
  ['too many bytes', 'x'.repeat(scenarioLimits.bytes + 1)],
  ['deep brackets', '['.repeat(100_000)],
  ['deep braces', '{a: '.repeat(100_000)],
  ['deep lists', '- '.repeat(100_000)],
  ['unknown keys', fill((n) => `k${n}: 1\n`)],
  ['one key many times', fill(() => 'name: a\n')],
  ['many faults', `faults:\n${fill((n) => `- {name: ${n}}\n`)}`],
  ['many injections', `faults:\n- on: request\n  inject:\n${fill(() => '  - x\n')}`],
  ['many names in one injection', `faults:\n- on: request\n  inject:\n  - {${fill((n) => `k${n}: 1, `)}}`],
  ['many expectations', `expect:\n${fill((n) => `- c${n}\n`)}`],
  ['one long line', `faults: [${fill(() => '{on: dns},')}]`],
  ['a long word', `faults: [{on: request, inject: [${'x'.repeat(500_000)}]}]`],
  ['a long pattern', `faults: [{on: request, match: {path: "/${'*a'.repeat(200_000)}"}, inject: [delay: {ms: 1}]}]`],
  ['many ordinals', `faults: [{on: request, when: {nth: [${'1,'.repeat(200_000)}]}, inject: [delay: {ms: 1}]}]`],
  ['syntax errors', fill(() => '"\n')],
  ['many documents', fill(() => '---\na\n')],
  ['many anchors', fill((n) => `- &a${n} x\n`)],
  ['merge keys', fill((n) => `k${n}: {<<: *a}\n`)],
])('%s: read or refused', (_, text) => survive(() => loadScenario(text, { file: 'fuzz.yaml' }), text));

// The reader of documents is the same: what is a fault's own is its settings.
test.each<[string, string]>([
  ['deep braces', '{a: '.repeat(100_000)],
  ['many names in one injection', `on: request\ninject:\n- {${fill((n) => `k${n}: 1, `)}}`],
  ['many ordinals', `{on: request, when: {nth: [${'1,'.repeat(200_000)}]}, inject: [delay: {ms: 1}]}`],
])('a fault of %s: read or refused', (_, text) =>
  survive(() => loadFault(text, { file: 'fuzz.yaml', number: 1 }), text),
);
