import { expect, test } from 'vitest';
import { bundledScenarios, readScenario } from '../scenario/bundled.ts';
import { renderReference } from './reference.ts';
import { checks } from './table.ts';

test('the reference is what the table says', () => expect(renderReference(checks)).toMatchFileSnapshot('./README.md'));

const expected = bundledScenarios().flatMap(({ file }) => readScenario(file).expect.map(({ check }) => check));

test.each(checks.map(({ name }) => name))('%s is expected by a bundled scenario', (name) =>
  expect(expected).toContain(name),
);
