import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, test, vi } from 'vitest';
import { TaskStore } from '../../server/seedance/task-store.ts';
import type { VerdictReport } from '../../server/verdict/verdict.ts';
import { canRun, startProgram } from '../cli/run-client.ts';
import { openClient } from './support/client.ts';
import {
  callMock,
  commandLine,
  openFolder,
  openServe,
  type Ready,
  readLog,
  startMock,
} from './support/command-line.ts';
import { openRawSocket } from './support/sockets.ts';
import { TASKS, textOnly } from './support/tasks.ts';

const node = process.execPath;
const hasFifos = canRun('mkfifo', '--version');
if (!hasFifos) console.log('a report that is never read is not tried: there is no mkfifo');

/** Starts the command line in a process that runs some code first: what a test needs, and the product does not have. */
const startWith = (code: string, args: readonly string[], env = process.env) =>
  startProgram([node, '--import', `data:text/javascript,${encodeURIComponent(code)}`, commandLine, ...args], env);

const onSignal = (code: string) => `process.on('SIGUSR2', () => { ${code} });`;
const uncaught = [
  ['an exception', onSignal("throw new Error('nothing catches this')")],
  ['a rejection', onSignal("Promise.reject(new Error('nothing catches this'))")],
] as const;
const INTERNAL_ERROR = /^internal error: Error: nothing catches this\n {4}at .*issue tracker\nof seedance-mock\.\n$/s;
/** Servers never say that they are closed. */
const NEVER_CLOSES = `
  import { Server } from 'node:net';
  Server.prototype.close = function () { return this; };
`;

/** A folder for all that a process writes. Node's own compile cache is meant to stay. */
async function openScratch() {
  const folder = await openFolder();
  return { ...folder, env: { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1', TMPDIR: folder.path } };
}

/** A client that makes 300 tasks, asks for all of them 120 times, and stops: it reads nothing, and never ends its connection. */
const STUCK_CLIENT = `
  import { connect } from 'node:http2';
  const { origin } = new URL(process.env.SEEDANCE_BASE_URL);
  const settings = { initialWindowSize: 2 ** 31 - 1 };
  const session = connect(origin, { settings }).on('error', () => {});
  session.on('connect', () => session.setLocalWindowSize(2 ** 31 - 1));
  const headers = { ':path': '${TASKS}', authorization: 'Bearer x', 'content-type': 'application/json' };
  const create = () => new Promise((done) => session.request({ ...headers, ':method': 'POST' })
    .on('close', done).resume().end(${JSON.stringify(JSON.stringify(textOnly))}));
  for (let n = 0; n < 300; n++) await create();
  for (let n = 0; n < 120; n++) session.request({ ...headers, ':path': '${TASKS}?page_size=500' });
  setImmediate(() => setImmediate(() => {
    console.log('stuck');
    process.kill(process.pid, 'SIGSTOP');
  }));
`;

/** Starts that client, and ends its connection with a FIN, which waits for ever behind what is not read. */
async function holdFinBack({ url, adminUrl, caFile }: Pick<Ready, 'url' | 'adminUrl' | 'caFile'>) {
  const env = { ...process.env, SEEDANCE_BASE_URL: url, NODE_EXTRA_CA_CERTS: caFile };
  const client = startProgram([node, '--input-type=module', '--eval', STUCK_CLIENT], env);
  expect(await client.hear()).toBe('stuck');
  const cut = await fetch(`${adminUrl}/connections/1?how=fin`, { method: 'DELETE' });
  expect(cut.ok).toBe(true);
  return client;
}

describe('serve', () => {
  test.each(uncaught)(
    '%s that nothing catches ends it with "internal error", exit code 70 and no files',
    async (_, code) => {
      await using scratch = await openScratch();
      await using serving = await openServe([], (args) => startWith(code, args, scratch.env));
      await using client = await openClient(serving);
      await client.get(TASKS);

      serving.signal('SIGUSR2');

      const ran = await serving.ended;
      expect(ran).toMatchObject({ exitCode: 70, stderr: expect.stringMatching(INTERNAL_ERROR) });
      expect(readLog(ran).filter(({ type }) => type === 'connection.ended')).toMatchObject([{ by: 'shutdown' }]);
      expect(await readdir(scratch.path)).toEqual([]);
    },
  );

  test.each(['SIGINT', 'SIGTERM'] as const)('%s ends it when it cannot be closed, and its files go', async (signal) => {
    await using scratch = await openScratch();
    await using serving = await openServe([], (args) => startWith(NEVER_CLOSES, args, scratch.env));
    await using _ = await openRawSocket(serving);

    serving.signal(signal);

    expect(await serving.ended).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await readdir(scratch.path)).toEqual([]);
  });

  test('an exception ends it with 70 when it cannot be closed', async () => {
    await using scratch = await openScratch();
    const code = NEVER_CLOSES + uncaught[0][1];
    await using serving = await openServe([], (args) => startWith(code, args, scratch.env));

    serving.signal('SIGUSR2');

    expect(await serving.ended).toMatchObject({ exitCode: 70, stderr: expect.stringMatching(INTERNAL_ERROR) });
    expect(await readdir(scratch.path)).toEqual([]);
  });

  test('a signal ends it while a client that reads nothing holds a FIN back', async () => {
    await using serving = await openServe(['--profile', 'permissive'], startMock);
    await using _ = await holdFinBack(serving.ready);

    serving.signal('SIGTERM');

    expect(await serving.ended).toMatchObject({ exitCode: 0, stderr: '' });
  });
});

/** Opens a lane on the server that runs this command, or takes its main one, and creates a task there. */
const createIn = (where: 'main' | 'lane') => `
  const { SEEDANCE_MOCK_ADMIN: admin, ARK_BASE_URL: base } = process.env;
  const open = () => fetch(admin + '/lanes', { method: 'POST', body: '{"profile":"dual-stack"}' })
    .then((answer) => answer.json()).then(({ url }) => url + '/api/v3');
  const headers = { authorization: 'Bearer x', 'content-type': 'application/json' };
  const body = ${JSON.stringify(JSON.stringify(textOnly))};
  (${where === 'lane'} ? open() : Promise.resolve(base))
    .then((url) => fetch(url + '/contents/generations/tasks', { method: 'POST', headers, body }))
    .then(({ status }) => process.exit(status === 500 ? 0 : 9));
`;

describe('run', () => {
  test.each(uncaught)('%s that nothing catches ends its command, and the report is written', async (_, code) => {
    await using scratch = await openScratch();
    const report = scratch.at('report.json');
    // The signal is ignored by the shell and by what it starts; both hold the standard output.
    const deaf = ['sh', '-c', 'trap "" TERM; echo started; sleep 1000 & while :; do wait; done'];
    await using run = startWith(code, ['run', 'healthy', '--report', `json:${report}`, '--', ...deaf], scratch.env);
    expect(await run.hear()).toBe('started');

    run.signal('SIGUSR2');

    const { exitCode, stdout, stderr } = await run.ended;
    expect(stdout).toMatch(/inconclusive: 0 passed.*\ncommand: was interrupted\n$/);
    expect(stderr).toMatch(INTERNAL_ERROR);
    expect(exitCode).toBe(70);
    expect(JSON.parse(await readFile(report, 'utf8')) as VerdictReport).toMatchObject({ outcome: 'inconclusive' });
    expect(await readdir(scratch.path)).toEqual(['report.json']);
  });

  test.each(['main', 'lane'] as const)('a bug that was recorded in the %s lane is exit code 70', async (where) => {
    using create = vi.spyOn(TaskStore.prototype, 'create').mockImplementation(() => {
      throw new TypeError('oops');
    });
    const command = [node, '-e', createIn(where)];

    const { exitCode, stdout, stderr } = await callMock('run', 'healthy', '--profile', 'dual-stack', '--', ...command);

    expect(create).toHaveBeenCalledOnce();
    expect(stdout).toMatch(/command: exit code 0\n$/);
    expect(stderr).toMatch(/^internal error: TypeError: oops\n {4}at .*issue tracker/s);
    expect(exitCode).toBe(70);
  });

  test('a command that ignores the signal is killed after a second', async () => {
    const stubborn = `
      process.on('SIGTERM', () => setTimeout(() => console.log('two seconds later'), 2_000));
      setInterval(() => {}, 1_000);
      console.log('started');
    `;
    await using run = startMock(['run', 'healthy', '--', node, '-e', stubborn]);
    expect(await run.hear()).toBe('started');

    run.signal('SIGTERM');

    const { exitCode, stdout } = await run.ended;
    expect([exitCode, stdout.includes('two seconds later')]).toEqual([1, false]);
    expect(stdout).toMatch(/\ncommand: was interrupted\n$/);
  });

  test('a second signal ends it and its command at once', async () => {
    await using scratch = await openScratch();
    const deaf = ['sh', '-c', 'trap "" TERM; echo started; while :; do sleep 1000; done'];
    await using run = startMock(['run', 'healthy', '--', ...deaf], scratch.env);
    expect(await run.hear()).toBe('started');

    run.signal('SIGINT');
    run.signal('SIGTERM');

    // It judges nothing any more.
    expect(await run.ended).toMatchObject({ exitCode: 1, stdout: 'started\n', stderr: '' });
    expect(await readdir(scratch.path)).toEqual([]);
  });

  test.each([
    [0, `require('http2').connect(process.env.ARK_BASE_URL).on('connect', (session) => session.close())`],
    [1, 'process.exit(7)'],
    [3, '0'],
  ])('when its server cannot be closed, it ends with the exit code that it has: %i', async (exitCode, client) => {
    await using scratch = await openScratch();
    const file = await scratch.write('scenario.yaml', 'expect: [ alpn-offered ]');

    await using run = startWith(NEVER_CLOSES, ['run', file, '--settle', '0', '--', node, '-e', client], scratch.env);

    const ran = await run.ended;
    expect(ran.stdout).toMatch(/\ncommand: exit code \d\n$/);
    expect(ran).toMatchObject({ exitCode, stderr: '' });
    expect(await readdir(scratch.path)).toEqual(['scenario.yaml']);
  });

  test('a signal ends it while a client that reads nothing holds a FIN back', async () => {
    const tell = `const { SEEDANCE_BASE_URL: url, SEEDANCE_MOCK_ADMIN: adminUrl, NODE_EXTRA_CA_CERTS: caFile } = process.env;
      console.log(JSON.stringify({ url, adminUrl, caFile }));
      setInterval(() => {}, 1_000);`;
    await using run = startMock(['run', 'healthy', '--profile', 'permissive', '--', node, '-e', tell]);
    await using _ = await holdFinBack(JSON.parse((await run.hear()) ?? '') as Ready);

    run.signal('SIGTERM');

    const { exitCode, stdout } = await run.ended;
    expect(stdout).toMatch(/\ncommand: was interrupted\n$/);
    expect(exitCode).toBe(1);
  });

  test('the report is whole, also when the verdict has taken all of the time', async () => {
    await using scratch = await openScratch();
    const report = scratch.at('report.json');
    const slow = `
      const { write } = process.stdout;
      process.stdout.write = function (text, ...rest) {
        const until = performance.now() + (String(text).includes('was interrupted') ? 2_000 : 0);
        while (performance.now() < until);
        return write.call(this, text, ...rest);
      };
    `;
    const command = ['sh', '-c', 'echo started; exec sleep 1000'];
    await using run = startWith(slow, ['run', 'healthy', '--report', `json:${report}`, '--', ...command], scratch.env);
    expect(await run.hear()).toBe('started');

    run.signal('SIGTERM');

    expect(await run.ended).toMatchObject({ exitCode: 1, stderr: '' });
    expect(JSON.parse(await readFile(report, 'utf8')) as VerdictReport).toMatchObject({ outcome: 'inconclusive' });
  });

  test.runIf(hasFifos)('a signal ends it while nothing reads a report, and it says so', async () => {
    await using scratch = await openScratch();
    const fifo = scratch.at('report.json');
    spawnSync('mkfifo', [fifo]);
    await using run = startMock(['run', 'healthy', '--settle', '0', '--report', `json:${fifo}`, '--', node, '-e', '0']);
    let line: string | undefined = '';
    while (!line?.startsWith('command: exit code 0')) line = await run.hear();

    run.signal('SIGTERM');

    const { exitCode, stderr } = await run.ended;
    expect(stderr).toContain(`Cannot write ${fifo}: it took more than 500 ms after the signal.`);
    expect([exitCode, existsSync(fifo)]).toEqual([2, true]);
  });
});

test('a module that cannot be loaded is an internal error, exit code 70', async () => {
  const code = `
    import { registerHooks } from 'node:module';
    const resolve = (name, context, next) => next(name.includes('program') ? 'no-such-package' : name, context);
    registerHooks({ resolve });
  `;
  await using mock = startWith(code, ['list']);

  expect(await mock.ended).toEqual({
    exitCode: 70,
    stdout: '',
    stderr: expect.stringMatching(/^internal error: Error.*no-such-package.*issue tracker/s),
  });
});

test.each(['', 'run', 'serve', 'doctor'])('`%s --help` lists exit code 70', async (command) => {
  const { stdout } = await callMock(...[command].filter(Boolean), '--help');
  expect(stdout).toMatch(/^Exit code: 0 .*\s70 internal error \(a bug in seedance-mock\)\.$/ms);
});
