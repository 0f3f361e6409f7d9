import { expect, test } from 'vitest';
import { hooks } from '../scenario/scenario.ts';
import type { Fault } from './fault.ts';
import { renderReference } from './reference.ts';
import { faults, faultsOn, findFault } from './table.ts';

test('the reference is what the table says', () => expect(renderReference(faults)).toMatchFileSnapshot('./README.md'));

test.each(hooks)('a name is unique on %s', (hook) => {
  const names = faultsOn(hook).map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
});

test.each(faults.map((fault: Fault) => [fault.name, fault] as const))('%s is spelled in kebab case', (name) =>
  expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/),
);

test('a fault is found by hook and name', () => {
  expect(findFault('session', 'goaway')?.name).toBe('goaway');
  expect(findFault('accept', 'goaway')).toBeUndefined();
});
