import { expect, test } from 'vitest';
import { faults } from '../faults/table.ts';
import { bundledScenarios } from '../scenario/bundled.ts';
import { runList } from './list.ts';
import { captureOutput } from './testing.ts';

test('faults are listed with their hooks and what they do', () => {
  const output = captureOutput();
  expect(runList('faults', output)).toBe(0);
  expect(output.out.trimEnd().split('\n')).toHaveLength(faults.length);
  expect(output.out).toMatch(/^delay +request, response +Waits before the request is carried out/m);
});

test('scenarios are listed with what they play', () => {
  const output = captureOutput();
  runList('scenarios', output);
  expect(output.out.trimEnd().split('\n')).toHaveLength(bundledScenarios().length);
  expect(output.out).toMatch(/^drain +Every third request/m);
});

test('checks are listed, each with what it asks for', () => {
  const output = captureOutput();
  runList('checks', output);
  expect(output.out).toMatch(/^no-duplicate-creates +Creates one task for each create/m);
});

test('without a word all are listed', () => {
  const output = captureOutput();
  expect(runList(undefined, output)).toBe(0);
  expect(output.out.match(/^\w+$/gm)).toEqual(['faults', 'checks', 'scenarios']);
});

test('another word is a mistake', () => {
  const output = captureOutput();
  expect(runList('fault', output)).toBe(2);
  expect(output.out).toBe('');
  expect(output.err).toBe('INVALID_OPTION\nlist does not take "fault".\nDid you mean "faults"?\n');
});
