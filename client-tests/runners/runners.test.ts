import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { canRun, startProgram } from '../cli/run-client.ts';
import { buildJavaClients } from '../java/java.ts';
import { findPython } from '../python/python.ts';

const at = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const python = (await findPython()) ?? '';
const java = await buildJavaClients('runners');
/** A test runner that compiles first, on a machine that is busy. */
const LIMIT_MS = 120_000;

/** Each runs one test that makes a video, as a user of the SDK would write it. The Python SDK speaks HTTP/1.1 alone. */
const runners = [
  {
    name: 'npm test',
    here: true,
    sdk: false,
    profile: 'seedance',
    command: ['npm', 'test', '--prefix', at('.')],
    says: 'pass 1',
  },
  {
    name: 'pytest',
    here: python !== '',
    sdk: true,
    profile: 'dual-stack',
    command: [python, '-m', 'pytest', '-q', '-p', 'no:cacheprovider', at('test_video.py')],
    says: '1 passed',
  },
  {
    name: 'go test',
    here: canRun('go', 'version'),
    sdk: true,
    profile: 'seedance',
    command: ['go', '-C', at('../go'), 'test', '-count=1', './video'],
    says: 'ok  \tseedance-mock/client-tests/video',
  },
  {
    name: 'mvn test',
    here: java !== undefined,
    sdk: true,
    profile: 'seedance',
    command: ['mvn', '--batch-mode', '--file', at('../java'), '-Doutput=target/runners', 'test'],
    says: 'Tests run: 1, Failures: 0, Errors: 0, Skipped: 0',
  },
] as const;

const present = runners.filter(({ here }) => here);

async function judge(scenario: string, { profile, command }: (typeof runners)[number]) {
  const options = ['--profile', profile, '--speed', '5', '--log', 'silent'];
  const args = ['server/main.ts', 'run', scenario, ...options, '--', ...command];
  await using run = startProgram([process.execPath, ...args], process.env, { limitMs: LIMIT_MS });
  return await run.ended;
}

describe('run --', { timeout: LIMIT_MS }, () => {
  test.each(present)('$name: green tests and a client that behaves, exit code 0', async (runner) => {
    const { exitCode, stdout } = await judge(at('video.yaml'), runner);
    expect(stdout).toContain(runner.says);
    expect(stdout).toMatch(/^pass tasks-settled {2}1 of 1 task seen to their end$/m);
    expect(stdout).toMatch(/^pass: 2 passed, 0 failed, 0 inconclusive\ncommand: exit code 0$/m);
    expect(exitCode).toBe(0);
  });

  test.each(present.filter(({ sdk }) => sdk))(
    '$name: green tests, yet the SDK made the video twice, exit code 1',
    async (runner) => {
      const { exitCode, stdout } = await judge('lost-create', runner);
      expect(stdout).toMatch(/^FAIL no-duplicate-creates {2}2 tasks for one create/m);
      expect(stdout).toContain('command: exit code 0');
      expect(exitCode).toBe(1);
    },
  );
});
