import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { captureOutput } from './testing.ts';
import { runValidate } from './validate.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'validate-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, text: string) => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};

test('what is good is said to be so', async () => {
  const output = captureOutput();
  const file = write('tea.yaml', 'faults: [{ on: accept, inject: [ reset ] }]\n');
  expect(await runValidate([file, 'healthy'], output)).toBe(0);
  expect(output.out).toBe(`ok ${file}: tea, 1 fault\nok healthy: healthy, 0 faults\n`);
  expect(output.err).toBe('');
});

test('every problem of every file is told, and the good ones pass', async () => {
  const output = captureOutput();
  const bad = write('bad.yaml', 'nmae: bad\nseed: -1\n');
  const good = write('good.yaml', 'seed: 1\n');
  const worse = write('worse.yaml', 'faults: [\n');
  expect(await runValidate([bad, good, worse, join(folder, 'drian.yaml')], output)).toBe(2);
  expect(output.out).toBe(`ok ${good}: good, 0 faults\n`);
  expect(output.err.split('\n').filter((line) => /[A-Z]_[A-Z]/.test(line))).toEqual([
    `${bad}:1:1  UNKNOWN_KEY`,
    `${bad}:2:7  INVALID_VALUE`,
    `${worse}:2:1  YAML_SYNTAX`,
    'SCENARIO_NOT_FOUND',
  ]);
});

test('what has no effect is warned of', async () => {
  const output = captureOutput();
  const file = write(
    'tea.yaml',
    'profile: seedance\nfaults: [{ on: request, match: { protocol: http/1.1 }, inject: [ delay: { ms: 1 } ] }]\n',
  );
  expect(await runValidate([file], output)).toBe(0);
  expect(output.err).toMatch(new RegExp(`^warning ${file}: .*http/1.1`));

  const waiting = write(
    'waiting.yaml',
    'faults: [{ on: video, match: { protocol: http/1.1 }, inject: [ expired-url ] }]\n',
  );
  expect(await runValidate([waiting], output)).toBe(0);
  expect(output.err).toContain(`warning ${waiting}: No connection speaks http/1.1 here, so these never strike: `);
});
