import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { UsageError } from '../errors.ts';
import { DEFAULT_BY } from './clients.ts';
import { loadScenario } from './load.ts';
import { scenarioJsonSchema } from './schema.ts';

const fitsSchema = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false }).compile(
  scenarioJsonSchema(),
);

/** What is said of a scenario that cannot be loaded: first and last line of each problem. */
function complaintsOf(yaml: string): readonly string[] {
  try {
    loadScenario(yaml, { file: 'a.yaml' });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.message.split('\n\n').map((text) => `${text.split('\n')[0]} ${text.split('\n').at(-1)}`);
  }
  return [];
}

test('without `clients:` a scenario has the default', () => {
  const { by, same } = loadScenario('name: a').clients;
  expect([by.map(({ text }) => text), same]).toEqual([DEFAULT_BY, []]);
  expect(DEFAULT_BY).toEqual(['header x-client-id', 'api-key+user-agent+ja4+address']);
});

test('an entry joins parts with +, with or without spaces, and a header in any case', () => {
  const { by } = loadScenario({ clients: { by: ['header X-Team + address', 'api-key'] } }).clients;
  expect(by).toEqual([
    { text: 'header X-Team + address', parts: [{ kind: 'header', name: 'x-team' }, { kind: 'address' }] },
    { text: 'api-key', parts: [{ kind: 'api-key' }] },
  ]);
});

const PARTS = 'Join these with "+": header NAME, api-key, user-agent, ja4, address.';
test.each([
  ['clients: { by: [apikey] }', 'a.yaml:1:17  INVALID_VALUE', `Did you mean "api-key"? ${PARTS}`],
  ['clients: { by: [user_agent+adress] }', 'a.yaml:1:17  INVALID_VALUE', `Did you mean "user-agent+address"? ${PARTS}`],
  ['clients: { by: [api-key, x-team] }', 'a.yaml:1:26  INVALID_VALUE', `Did you mean "header x-team"? ${PARTS}`],
  ['clients: { by: ["header: x-team"] }', 'a.yaml:1:17  INVALID_VALUE', `Did you mean "header x-team"? ${PARTS}`],
  ['clients: { by: [cookies-and-milk] }', 'a.yaml:1:17  INVALID_VALUE', PARTS],
  ['clients: { by: [] }', 'a.yaml:1:16  INVALID_VALUE', 'Give it at least one.'],
  ['clients: { bye: [api-key] }', 'a.yaml:1:12  UNKNOWN_KEY', 'Did you mean "by"?'],
  ['clients: { same: [[]] }', 'a.yaml:1:19  INVALID_VALUE', 'Give it at least one.'],
  ['client: { same: [[a, b]] }', 'a.yaml:1:1  UNKNOWN_KEY', 'Did you mean "clients"?'],
])('the schema and the loader refuse %s', (yaml, head, hint) => {
  expect(complaintsOf(yaml)).toEqual([`${head} ${hint}`]);
  expect(fitsSchema(parse(yaml))).toBe(false);
});

test.each([
  [
    'clients: { by: [header Authorization] }',
    'a.yaml:1:17  INVALID_VALUE',
    'It holds a secret. Write `api-key`, of which only a digest is shown.',
  ],
  [
    'clients: { same: [[a, b], [c, a]] }',
    'a.yaml:1:31  INVALID_VALUE',
    'It is in the lists already. Keep one of them.',
  ],
  ['clients: { same: [[a]] }', 'a.yaml:1:19  INVALID_VALUE', 'Give it two names, or one with `*`.'],
])('the loader refuses %s', (yaml, head, hint) => {
  expect(complaintsOf(yaml)).toEqual([`${head} ${hint}`]);
});

test('one name with * is enough for `same`', () => {
  expect(loadScenario({ clients: { same: [['web-*']] } }).clients.same).toEqual([['web-*']]);
});

test('an entry behind one that every request carries is warned of', () => {
  expect(loadScenario({ clients: { by: ['api-key', 'user-agent+ja4', 'address'] } }).warnings).toEqual([
    'In `clients.by`, "address" never decides: every request carries "user-agent+ja4" before it.',
  ]);
});
