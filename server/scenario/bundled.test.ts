import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UsageError } from '../errors.ts';
import type { Fault } from '../faults/fault.ts';
import { faults } from '../faults/table.ts';
import { bundledScenarios, findScenario, readScenario } from './bundled.ts';

const bundled = bundledScenarios();

describe.each(bundled.map((scenario) => [scenario.name, scenario] as const))('%s', (name, { description, file }) => {
  const scenario = readScenario(file);

  test('is called like its file', () => expect(name).toBe(basename(file, '.yaml')));
  test('says what it plays', () => expect(description).toMatch(/\.$/));
  test('has nothing that does not work', () => expect(scenario.warnings).toEqual([]));
  test('opens with its schema and with what a client must survive', () =>
    expect(readFileSync(file, 'utf8')).toMatch(
      /^# yaml-language-server: \$schema=\.\/scenario\.schema\.json\n(# .+\n)+name: /,
    ));
});

test.each(faults.map(({ name, on }: Fault) => [name, on] as const))('%s stands in a bundled scenario', (name, on) => {
  const uses = ({ file }: { file: string }) =>
    readScenario(file).faults.some(
      (rule) => on.includes(rule.on) && rule.inject.some((injection) => injection.fault === name),
    );
  expect(bundled.some(uses)).toBe(true);
});

describe('a scenario is found', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'scenarios-'));
    writeFileSync(join(folder, 'mine.yaml'), 'seed: 7\n');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('by its name', () => {
    expect(findScenario('drain')).toBe(bundled.find(({ name }) => name === 'drain')?.file);
    expect(readScenario('drain').name).toBe('drain');
  });

  test('by its path', () => expect(readScenario(join(folder, 'mine.yaml'))).toMatchObject({ name: 'mine', seed: 7 }));

  test('and takes a seed from outside', () =>
    expect(readScenario(join(folder, 'mine.yaml'), { seed: 8 })).toMatchObject({ seed: 8 }));

  test.each(['drian', 'scenarios/drian.yaml'])('or else %s says what was meant', (given) => {
    const complaint = `SCENARIO_NOT_FOUND
There is no scenario file or bundled scenario "${given}".
Did you mean "drain"? \`seedance-mock list scenarios\` shows the bundled ones.`;
    expect(() => findScenario(given)).toThrow(UsageError);
    expect(() => findScenario(given)).toThrow(complaint);
  });

  test('a path that leads nowhere is told of', () => {
    const file = join(folder, 'loop.yaml');
    symlinkSync('loop.yaml', file);
    for (const path of [file, 'x'.repeat(300)]) {
      expect(() => findScenario(path)).toThrow(UsageError);
      expect(() => findScenario(path)).toThrow(`FILE_UNREADABLE\nCannot read ${path}: `);
    }
  });

  test('a folder is no scenario', () => expect(() => findScenario(folder)).toThrow('There is no scenario file'));
});
