import { expect, test } from 'vitest';
import { UsageError } from '../errors.ts';
import { loadScenario } from './load.ts';
import { type WrongSetting, wrongSettings } from './testing.ts';

/** Lines and columns of what the loader has against a fault; its settings begin in line 4. */
function placesOf(hook: string, fault: string, settings: string): readonly string[] {
  try {
    loadScenario(`faults:\n  - on: ${hook}\n    inject:\n      - ${fault}: ${settings}\n`);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.problems.map(({ at }) => `${at?.line}:${at?.column}`);
  }
  return [];
}

/** A setting inside all that it stands in, and where what is wrong begins. */
function write({ path, value, part }: WrongSetting): { readonly settings: string; readonly offset: number } {
  const key = (step: PropertyKey) => JSON.stringify(String(step));
  const opened = path.map((step) => (typeof step === 'number' ? '[' : `{ ${key(step)}: `)).join('');
  const closed = path.toReversed().map((step) => (typeof step === 'number' ? ']' : ' }'));
  const settings = `${opened}${JSON.stringify(value)}${closed.join('')}`;
  return { settings, offset: part === 'value' ? opened.length : opened.length - `${key(path.at(-1) ?? '')}: `.length };
}

test.each(wrongSettings())('on $hook, $fault refuses wrong settings at their line and column', (row) => {
  const { hook, fault, wrong } = row;
  const start = `      - ${fault}: `.length + 1;
  const passed = wrong.filter((setting) => {
    const { settings, offset } = write(setting);
    return !placesOf(hook, fault, settings).includes(`4:${start + offset}`);
  });

  expect(wrong).not.toEqual([]);
  expect(passed).toEqual([]);
});
