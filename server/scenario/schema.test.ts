import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { bundledScenarios } from './bundled.ts';
import { scenarioJsonSchema } from './schema.ts';
import { type WrongSetting, wrongSettings } from './testing.ts';

const strict = { strict: true, strictTypes: false, strictRequired: false };
const validate = new Ajv2020({ ...strict, allErrors: true }).compile(scenarioJsonSchema());

/** Where the schema finds fault, as JSON pointers: to a key where there should be none of its name, or else to a value. */
function complaintsIn(scenario: unknown): readonly string[] {
  validate(scenario);
  const pointers = validate.errors?.map(({ instancePath, params: { additionalProperty, propertyName } }) => {
    const key: unknown = additionalProperty ?? propertyName;
    return key === undefined ? instancePath : `${instancePath}/${key}`;
  });
  return [...new Set(pointers)];
}

const complaintsOf = (yaml: string) => complaintsIn(parse(yaml));

// After a change: `node server/main.ts schema > scenarios/scenario.schema.json`, then `npm run format`.
test('the file that the scenarios name says the same', () => {
  const file = readFileSync(new URL('../../scenarios/scenario.schema.json', import.meta.url), 'utf8');
  expect(JSON.parse(file)).toEqual(scenarioJsonSchema());
});

test.each(bundledScenarios().map(({ name, file }) => [name, file] as const))('%s fits the schema', (_, file) =>
  expect(complaintsOf(readFileSync(file, 'utf8'))).toEqual([]),
);

describe('what fits', () => {
  test.each([
    'name: tea',
    'faults: [{ on: accept, inject: [ reset, hang:, limit: { max: 2 } ] }]',
    'faults: [{ on: request, match: { method: [GET, HEAD] }, inject: [ delay: { ms: 2s } ] }]',
    'service: { idle: off, heartbeat: { within: 10s } }',
    'expect: [ no-duplicate-creates, backoff: { base: 100ms } ]',
  ])('%s', (yaml) => expect(complaintsOf(yaml)).toEqual([]));
});

describe('what does not', () => {
  test.each([
    ['nmae: tea', '/nmae'],
    ['tasks: { queued: 8 }', '/tasks/queued'],
    ['faults: [{ inject: [ reset ] }]', '/faults/0'],
    ['faults: [{ on: accept, inject: [] }]', '/faults/0/inject'],
    ['faults: [{ on: accept, match: { method: GET }, inject: [ reset ] }]', '/faults/0/match/method'],
    ['faults: [{ on: accept, inject: [ limit ] }]', '/faults/0/inject/0'],
    ['faults: [{ on: accept, inject: [ delay: { ms: 1 } ] }]', '/faults/0/inject/0/delay'],
    ['faults: [{ on: request, inject: [ delay: { sm: 1 } ] }]', '/faults/0/inject/0/delay/sm'],
    ['faults: [{ on: request, inject: [ delay ] }]', '/faults/0/inject/0'],
    [
      'faults: [{ on: request, inject: [ delay: { ms: 1, normal: { mean: 1, deviation: 1 } } ] }]',
      '/faults/0/inject/0/delay',
    ],
    ['faults: [{ on: dns, inject: [ hang ] }]', '/faults/0/inject/0'],
    ['expect: [ bakoff ]', '/expect/0'],
  ])('%s, at %s', (yaml, pointer) => expect(complaintsOf(yaml)).toContain(pointer));
});

/** A setting inside all that it stands in. */
const nest = ({ path, value }: WrongSetting): unknown =>
  path.reduceRight((inner, step) => (typeof step === 'number' ? [inner] : { [String(step)]: inner }), value);

test.each(wrongSettings())('on $hook, $fault does not fit with a wrong setting', ({ hook, fault, wrong }) => {
  const passed = wrong.filter((setting) => {
    const scenario = { faults: [{ on: hook, inject: [{ [fault]: nest(setting) }] }] };
    return !complaintsIn(scenario).includes(['/faults/0/inject/0', fault, ...setting.path].join('/'));
  });

  expect(passed).toEqual([]);
});
