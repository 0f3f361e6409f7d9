import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { VerdictReport } from '../../server/verdict/verdict.ts';
import { callMock, openFolder, startHere, startMock } from './support/command-line.ts';

const node = process.execPath;
const copies = (count: number | string, ...client: readonly string[]) =>
  ['run', 'healthy', '--settle', '0', '--copies', String(count), '--', ...client] as const;

/** Lists the tasks over HTTP/2, then prints which clients the admin API knows once there are six. */
const LISTS = `
  const { once } = require('events'), http2 = require('http2'), { env } = process;
  const session = http2.connect(new URL(env.ARK_BASE_URL).origin);
  const list = async () => {
    const call = session.request({ ':path': '/api/v3/contents/generations/tasks', authorization: 'Bearer ' + env.ARK_API_KEY });
    await once(call.resume(), 'close');
  };
  const known = async () => (await (await fetch(env.SEEDANCE_MOCK_ADMIN + '/clients')).json()).clients;
  (async () => {
    await list();
    let clients = [];
    while (clients.length < 6) clients = await known();
    console.log(JSON.stringify(clients.map(({ client }) => client.split(' ')[0]).sort()));
    session.close();
  })();`;

test('six copies are six clients, in /clients and in the report', async () => {
  await using folder = await openFolder();
  const file = folder.at('report.json');
  const options = ['--copies', '6', '--settle', '0', '--report', `json:${file}`];
  const { stdout, stderr } = await callMock('run', 'healthy', ...options, '--', node, '-e', LISTS);

  const six = ['copy-1', 'copy-2', 'copy-3', 'copy-4', 'copy-5', 'copy-6'];
  const printed = stdout.split('\n').filter((line) => line.includes(' | '));
  expect(printed.toSorted()).toEqual(six.map((name) => `${name} | ${JSON.stringify(six)}`));
  expect(stdout).toContain('\ncopy-1 to copy-6: exit code 0\n');
  const report = JSON.parse(await readFile(file, 'utf8')) as VerdictReport;
  expect(report.clients.map(({ requests }) => requests)).toEqual([1, 1, 1, 1, 1, 1]);
  // No warning of too many listeners.
  expect(stderr).toBe('');
});

const PRINT = 'console.log(process.env.ARK_API_KEY, process.env.SEEDANCE_CLIENT_ID)';

test('each copy has a key and a name of its own, and its lines begin with the name', async () => {
  const { stdout } = await callMock(...copies(2, node, '-e', `${PRINT}; console.error('oh\\ndear')`));
  expect(
    stdout
      .split('\n')
      .filter((line) => line.includes(' | '))
      .toSorted(),
  ).toEqual(['copy-1 | copy-1 copy-1', 'copy-2 | copy-2 copy-2']);
});

test('what copies write to stderr goes to stderr, line by line, also without a last line break', async () => {
  const { stderr } = await callMock(...copies(2, node, '-e', `process.stderr.write('oh\\n\\ndear')`));
  const lines = stderr.trimEnd().split('\n');
  expect(lines.filter((line) => line.startsWith('copy-1'))).toEqual(['copy-1 | oh', 'copy-1 | ', 'copy-1 | dear']);
  expect(lines.filter((line) => line.startsWith('copy-2'))).toEqual(['copy-2 | oh', 'copy-2 | ', 'copy-2 | dear']);
});

test('a line that does not end is written in parts', async () => {
  const { stdout } = await callMock(...copies(2, node, '-e', `process.stdout.write('x'.repeat(300_000))`));
  const parts = stdout.split('\n').filter((line) => line.startsWith('copy-1 | x'));
  expect(parts.length).toBeGreaterThan(1);
  expect(parts.join('').replaceAll('copy-1 | ', '')).toHaveLength(300_000);
});

test('a single run has a name, too, and prints as it does', async () => {
  await using run = startMock(['run', 'healthy', '--settle', '0', '--', node, '-e', PRINT], {
    ...process.env,
    ARK_API_KEY: 'mine',
    SEEDANCE_CLIENT_ID: '',
  });
  expect((await run.ended).stdout).toMatch(/^mine copy-1\n/);
  await using named = startMock(['run', 'healthy', '--settle', '0', '--', node, '-e', PRINT], {
    ...process.env,
    SEEDANCE_CLIENT_ID: 'web',
  });
  expect((await named.ended).stdout).toMatch(/^\S+ web\n/);
});

test('one copy that fails fails the run, and is named', async () => {
  const fails = `process.exit(process.env.SEEDANCE_CLIENT_ID === 'copy-2' ? 7 : 0)`;
  const { exitCode, stdout } = await callMock(...copies(3, node, '-e', fails));
  expect(stdout).toContain('\ncopy-1, copy-3: exit code 0\ncopy-2: exit code 7\n');
  expect(exitCode).toBe(1);
});

test('copies that cannot be started are exit code 2', async () => {
  const { exitCode, stdout } = await callMock(...copies(2, 'no-such-client'));
  expect(stdout).toMatch(/\ncopy-1 to copy-2: cannot be started: .*no-such-client/);
  expect(exitCode).toBe(2);
});

const FOREVER = 'console.log(process.pid); setInterval(() => {}, 1000)';
const isGone = (pid: number) => {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
};

test('a signal ends all copies, and the run still judges', async () => {
  await using run = startHere(copies(12, node, '-e', FOREVER));
  const pids: number[] = [];
  while (pids.length < 12) pids.push(Number((await run.hear())?.split(' | ')[1]));

  run.signal('SIGTERM');

  const { exitCode, stdout, stderr } = await run.ended;
  expect(stdout).toContain('\ncopy-1 to copy-12: was interrupted\n');
  expect([exitCode, stderr]).toEqual([1, '']);
  expect(pids.map(isGone)).toEqual(Array(12).fill(true));
});

test('the time-out holds for each copy', async () => {
  const client = ['run', 'healthy', '--settle', '0', '--copies', '2', '--timeout', '500', '--', node, '-e', FOREVER];
  const { exitCode, stdout } = await callMock(...client);
  expect(stdout).toContain('\ncopy-1 to copy-2: ran into the time-out of 500 ms\n');
  expect(exitCode).toBe(1);
});

test.each(['0', '501', '1.5', 'many'])('--copies %s is refused with the bounds', async (count) => {
  const { exitCode, stderr } = await callMock(...copies(count, node, '-e', '0'));
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining('Expected a whole number from 1 to 500.')]);
});
