import { readdir } from 'node:fs/promises';
import { platform } from 'node:os';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { DoctorReport } from '../../server/doctor/examine.ts';
import { startMockServer } from '../../server/index.ts';
import { type ClientLimit, canRun, startProgram } from '../cli/run-client.ts';
import { callMock, commandLine, openFolder, openPrograms } from './support/command-line.ts';
import { openForwarder } from './support/forwarder.ts';

const hasCurl = canRun('curl', '--version');
const hasPython = canRun('python3', '--version');
const hasJava = canRun('java', '--version') && canRun('keytool', '-help');
const missing = Object.entries({ curl: hasCurl, python3: hasPython, java: hasJava }).filter(([, there]) => !there);
if (missing.length > 0) console.log(`whether these trust the CA is not tried: ${missing.map(([name]) => name)}`);

/** A JVM starts four times, one of them as a compiler. */
const JAVA_LIMIT_MS = 60_000;

const path = process.env.PATH;
/** Programs take seconds to start: only where a test is about them are they on the PATH. */
const NO_PROGRAMS = { PATH: '/nowhere', DOCKER_HOST: 'unix:///nowhere/docker.sock' };

beforeEach(() => {
  for (const [name, value] of Object.entries(NO_PROGRAMS)) vi.stubEnv(name, value);
  return () => vi.unstubAllEnvs();
});

/** Runs it in a process of its own with `--json`, and finds its examinations by name. */
async function examine(args: readonly string[], env: NodeJS.ProcessEnv = {}, limit?: ClientLimit) {
  const command = [process.execPath, commandLine, 'doctor', '--json', ...args];
  await using doctor = startProgram(command, { ...process.env, ...env }, limit);
  const { exitCode, stdout, stderr } = await doctor.ended;
  expect(stderr).toBe('');
  const report = JSON.parse(stdout) as DoctorReport;
  const of = (name: string) => report.examinations.find((one) => one.name === name) ?? expect.fail(`no "${name}"`);
  const outcomes = Object.fromEntries(report.examinations.map(({ name, outcome }) => [name, outcome]));
  return { exitCode, report, of, outcomes };
}

const ABSENT = 'exit 1';

describe('this machine', () => {
  test.runIf(hasCurl || hasPython)('is examined with a mock of its own', async () => {
    await using programs = await openPrograms({ java: ABSENT });
    const { exitCode, report, of, outcomes } = await examine(['--connections', '10'], {
      PATH: `${programs.path}:${path}`,
    });

    expect(exitCode).toBe(0);
    expect(of('reset').seen).toBe('a reset arrives as a reset, and a FIN as a FIN');
    expect(outcomes).toMatchObject({ reset: 'ok', 'open-files': 'ok', node: 'ok', 'trust-node': 'ok' });
    expect(of('trust-node').seen).toMatch(/^node [\d.]+ trusts the CA with NODE_EXTRA_CA_CERTS, as `run` sets it/);
    expect(of('trust-java').seen).toBe('no java here');
    if (hasCurl) expect(of('trust-curl')).toMatchObject({ outcome: 'ok', seen: expect.stringMatching(/^curl [\d.]+/) });
    if (hasPython) expect(of('trust-python')).toMatchObject({ outcome: 'ok' });
    // Who is called by an address that a target has is no matter of a machine.
    expect(Object.keys(outcomes)).not.toContain('tcp');
    expect(Object.keys(outcomes)).toContain('ports');
    expect(report).not.toHaveProperty('target');
  });

  test.runIf(hasJava)('has a JVM that trusts the CA', { timeout: JAVA_LIMIT_MS }, async () => {
    await using programs = await openPrograms({ node: ABSENT, curl: ABSENT, python3: ABSENT });
    const { of } = await examine([], { PATH: `${programs.path}:${path}` }, { limitMs: JAVA_LIMIT_MS });
    expect(of('trust-java').seen).toMatch(/^java \S+ trusts the CA with JAVA_TOOL_OPTIONS, as `run` sets it, and not/);
  });

  test.runIf(platform() === 'linux').each([
    ['the mock', 'ulimit -n 256; exec', 'fail', 1, /^256 for the mock, 1000 connections take 1100$/],
    // Node raises its own limit to the hard one; few clients do.
    ['clients', 'ulimit -Sn 256;', 'warn', 0, /enough, but 256 for clients started here; 1000 connections take 1100$/],
  ])('has too few file descriptors for %s', async (_name, limit, outcome, code, seen) => {
    const script = `${limit} "$0" ${commandLine} doctor --json --connections 1000; exit $?`;
    await using shell = startProgram(['/bin/sh', '-c', script, process.execPath]);
    const { exitCode, stdout } = await shell.ended;
    const { examinations } = JSON.parse(stdout) as DoctorReport;
    expect(examinations.find(({ name }) => name === 'open-files')).toEqual({
      name: 'open-files',
      outcome,
      seen: expect.stringMatching(seen),
      remedy: expect.stringContaining('ulimit -n 1100'),
    });
    expect(exitCode).toBe(code);
  });

  test('leaves nothing behind', async () => {
    await using folder = await openFolder();
    await using programs = await openPrograms({ node: `exec ${process.execPath} "$@"` });
    await examine([], { PATH: programs.path, TMPDIR: folder.path, NODE_DISABLE_COMPILE_CACHE: '1' });
    expect(await readdir(folder.path)).toEqual([]);
  });
});

/** Loopback as well, though no mock that runs on this machine listens there. */
const NOBODY_THERE = '127.0.0.9';

test('a target where nobody listens fails', async () => {
  const { exitCode, of } = await examine(['--target', `${NOBODY_THERE}:1`]);
  expect(of('tcp')).toMatchObject({ outcome: 'fail', seen: expect.stringContaining(`${NOBODY_THERE}:1 takes none`) });
  // The place to look for its admin API was a guess.
  expect(of('admin')).toMatchObject({ outcome: 'warn', seen: expect.stringContaining(`http://${NOBODY_THERE}:8480`) });
  expect(exitCode).toBe(1);
});

test('the report fits a terminal, and has no colours elsewhere', async () => {
  await using server = await startMockServer();
  await using forwarder = await openForwarder(server);
  const { stdout } = await callMock('doctor', '--target', forwarder.address, '--admin', server.adminUrl);

  expect(stdout).toMatch(/^\nlocalhost:\d+\n\n/);
  expect(stdout).toMatch(/^FAIL reset {9}a reset arrives as a FIN/m);
  expect(stdout).toMatch(/^ {19}-> Use the host network/m);
  expect(stdout).toMatch(/^FAIL: \d+ ok, \d+ to look at, 1 failed\n$/m);
  expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([]);
  expect(stdout).not.toContain('\u001b');
});

test.each([
  [['--target', 'https://localhost:8443'], 'Expected HOST:PORT'],
  [['--target', 'localhost:70000'], 'Expected HOST:PORT'],
  [['--target', '::1:8443'], 'Expected HOST:PORT'],
  [['--admin', 'http://localhost:8480'], '--admin without --target does not take'],
  [['--connections', '0'], 'Expected a whole number from 1'],
])('%j is refused with exit code 2 and the way out', async (args, words) => {
  const { exitCode, stdout, stderr } = await callMock('doctor', ...args);
  expect([exitCode, stdout, stderr]).toEqual([2, '', expect.stringContaining(words)]);
});
