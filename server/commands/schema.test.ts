import { expect, test } from 'vitest';
import { scenarioJsonSchema } from '../scenario/schema.ts';
import { runSchema } from './schema.ts';
import { captureOutput } from './testing.ts';

test('the schema is printed as JSON', () => {
  const output = captureOutput();
  expect(runSchema(output)).toBe(0);
  expect(JSON.parse(output.out)).toEqual(scenarioJsonSchema());
});
