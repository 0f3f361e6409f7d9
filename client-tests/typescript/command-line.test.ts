import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { startProgram } from '../cli/run-client.ts';
import { callMock, commandLine, openFolder, runMock } from './support/command-line.ts';

describe('validate', () => {
  test('passes what is good', async () => {
    expect(await callMock('validate', 'scenarios/drain.yaml', 'healthy')).toEqual({
      exitCode: 0,
      stdout: 'ok scenarios/drain.yaml: drain, 1 fault\nok healthy: healthy, 0 faults\n',
      stderr: '',
    });
  });

  test('tells of each bad file, and of the good ones among them', async () => {
    await using folder = await openFolder();
    const bad = await folder.write('bad.yaml', 'seed: -1\n');
    const worse = await folder.write('worse.yaml', 'faults: [\n');

    const { exitCode, stdout, stderr } = await callMock('validate', bad, 'drain', worse, folder.at('none.yaml'));

    expect([exitCode, stdout]).toEqual([2, 'ok drain: drain, 1 fault\n']);
    expect(stderr).toContain(`${bad}:1:7  INVALID_VALUE`);
    expect(stderr).toContain(`${worse}:2:1  YAML_SYNTAX`);
    expect(stderr).toContain(`There is no scenario file or bundled scenario "${folder.at('none.yaml')}".`);
  });

  test('wants a file', async () => {
    expect(await callMock('validate')).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringContaining("missing required argument 'file'"),
    });
  });
});

test.each([
  ['report', '--admin-token='],
  ['doctor', '--target=localhost:8443', '--admin-token='],
  ['run', 'healthy', '--upstream-ca=', '--', 'true'],
  ['run', 'healthy', '--report=', '--', 'true'],
  ['run', '', '--', 'true'],
  ['explain', ''],
  ['list', ''],
])('a blank option or argument is refused: %s %s %s', async (...args) => {
  expect(await callMock(...args)).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: expect.stringMatching(/^INVALID_OPTION\n(--|<)[a-z>-]+ does not take ""\.\n/),
  });
});

test('a client is given its own arguments, also blank ones', async () => {
  const { stderr } = await callMock('run', 'healthy', '--', process.execPath, '-e', 'process.exit(0)', '');
  expect(stderr).toBe('');
});

describe('list', () => {
  test.each([
    [['faults'], /^goaway +session, request, response +\S/m],
    [['checks'], /^no-duplicate-creates +Creates one task/m],
    [['scenarios'], /^poll-reset +\S/m],
    [[], /^faults\n {2}.*^checks\n {2}.*^scenarios\n {2}/ms],
  ])('%j', async (what, shown) => {
    expect(await callMock('list', ...what)).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(shown),
      stderr: '',
    });
  });

  test('of something else', async () => {
    expect(await callMock('list', 'nonsense')).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: 'INVALID_OPTION\nlist does not take "nonsense".\nWrite one of: faults, checks, scenarios.\n',
    });
  });
});

test('a client without `--` before it gets no version of ours in place of its own', async () => {
  const { exitCode, stdout, stderr } = await callMock('run', 'healthy', 'python', '-V');
  expect([exitCode, stdout]).toEqual([2, '']);
  expect(stderr).toContain("unknown option '-V'\nWrite `--` before the client");
});

test('schema prints what lies beside the bundled scenarios', async () => {
  const { exitCode, stdout, stderr } = await callMock('schema');

  expect([exitCode, stderr]).toEqual([0, '']);
  expect(JSON.parse(stdout)).toEqual(JSON.parse(await readFile('scenarios/scenario.schema.json', 'utf8')));
});

test.each(['serve', 'run', 'report', 'doctor', 'validate', 'explain', 'list', 'schema'])(
  '%s --help shows how it is called',
  async (command) => {
    expect(await callMock(command, '--help')).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(
        new RegExp(`^Usage: seedance-mock ${command} .*\\nExamples?:\\n {2}seedance-mock ${command}`, 's'),
      ),
      stderr: '',
    });
  },
);

test('--help shows how all are called', async () => {
  expect(await callMock('--help')).toEqual({
    exitCode: 0,
    stdout: expect.stringMatching(/^Usage: seedance-mock .*\nExamples:\n {2}seedance-mock /s),
    stderr: '',
  });
});

test('--version is the one of the package', async () => {
  expect(await callMock('--version')).toEqual({ exitCode: 0, stdout: `${packageJson.version}\n`, stderr: '' });
});

test.each([
  [[], 'Usage: seedance-mock [options] [command]'],
  [['srve'], "unknown command 'srve'\n(Did you mean serve?)"],
])('%j is no call: exit code 2', async (args, told) => {
  expect(await callMock(...args)).toEqual({ exitCode: 2, stdout: '', stderr: expect.stringContaining(told) });
});

describe('explain', () => {
  test('says what will strike, and when', async () => {
    const { exitCode, stdout, stderr } = await callMock('explain', 'poll-reset', '--requests', '3', '--seed', '7');

    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^scenario "poll-reset", profile seedance, seed 7\n/);
    expect(stdout).toContain('strikes #3 of the first 3, and next #6\n');
  });

  test.each([
    [['explain'], "missing required argument 'scenario'"],
    [['explain', 'poll-rest'], 'Did you mean "poll-reset"?'],
    [['explain', 'poll-reset', '--requests', '0'], 'Expected a whole number from 1 to 10000.'],
  ])('refuses %j', async (args, complaint) => {
    expect(await callMock(...args)).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringContaining(complaint),
    });
  });
});

describe('in a process of its own', () => {
  test.each([
    [['--version']],
    [['srve']],
    [['validate', 'drain', 'no-such-scenario']],
    [['explain', 'drain', '--seed', '7']],
    [['list']],
    [['schema']],
  ])('%j says and ends with the same', async (args) => {
    expect(await runMock(...args)).toEqual(await callMock(...args));
  });

  test('a reader that leaves early is no mistake', async () => {
    const script = '("$0" "$1" schema; echo $? >&2) | head -c 1';
    await using pipeline = startProgram(['sh', '-c', script, process.execPath, commandLine]);

    expect(await pipeline.ended).toEqual({ exitCode: 0, stdout: '{', stderr: '0\n' });
  });
});
