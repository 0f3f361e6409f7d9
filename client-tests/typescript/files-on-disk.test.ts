import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Ending } from '../../server/commands/ending.ts';
import { runServe } from '../../server/commands/serve.ts';
import { captureOutput, makeHost } from '../../server/commands/testing.ts';
import { findFreePorts } from '../../server/fixtures/free-ports.ts';
import { startMockServer, UsageError } from '../../server/index.ts';
import { CertificateAuthority } from '../../server/wire/certificates.ts';
import { openClient } from './support/client.ts';
import { callMock, commandLine, openFolder, openServe, startMock } from './support/command-line.ts';
import { canMount, mountDisk, mountFullDisk } from './support/small-disk.ts';
import { TASKS } from './support/tasks.ts';

const { execPath: node } = process;
const hasFullDisk = canMount();
const NO_SPACE = 'ENOSPC: no space left on device.\nFree some space there, or name a file on another disk.\n';

/** A folder for temporary files: what a server leaves behind is found there. */
let temporary: Awaited<ReturnType<typeof openFolder>>;
const usual = process.env.TMPDIR;
beforeEach(async () => {
  temporary = await openFolder();
  process.env.TMPDIR = temporary.path;
});
afterEach(async () => {
  if (usual === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = usual;
  await temporary[Symbol.asyncDispose]();
});

const leftBehind = async () => (await readdir(temporary.path)).filter((name) => name.startsWith('seedance-mock'));

describe('a start that fails leaves no temporary files', () => {
  const refuse = async (...args: readonly string[]) => {
    const { exitCode, stdout, stderr } = await callMock('serve', '--port', '0', '--admin-port', '0', ...args);
    expect([exitCode, stdout, stderr]).toEqual([2, '', expect.stringMatching(/^[A-Z_]+\n.+\n.+\n$/)]);
  };

  test.each(['--port', '--admin-port', '--dns-port'])('with a taken %s', async (option) => {
    await using folder = await openFolder();
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const address = holder.address();

    await refuse(option, String(typeof address === 'object' && address?.port), '--keylog', folder.at('keys'));
    holder.close();

    expect(await leftBehind()).toEqual([]);
    expect(await readdir(folder.path)).toEqual([]);
  });

  test('with itself as its upstream', async () => {
    const [port = 0] = await findFreePorts(1);
    await refuse('--port', `${port}`, '--upstream', `https://localhost:${port}`);
    expect(await leftBehind()).toEqual([]);
  });

  test.each(['--ready-file', '--keylog'])('with a %s in a folder that is not there', async (option) => {
    await refuse(option, temporary.at('no/such/file'));
    expect(await leftBehind()).toEqual([]);
  });

  test('with a file to watch, and its process ends', async () => {
    await using folder = await openFolder();
    const file = await folder.write('mine.yaml', 'name: mine\n');
    await using serving = startMock([
      'serve',
      file,
      '--watch',
      '--port',
      '0',
      '--admin-port',
      '0',
      '--ready-file',
      '/',
    ]);

    expect((await serving.ended).exitCode).toBe(2);
    expect(await leftBehind()).toEqual([]);
  });

  test('with a certificate authority that cannot be made', async () => {
    const making = vi.spyOn(CertificateAuthority, 'ofProcess').mockRejectedValueOnce(new Error('no keys'));
    await expect(startMockServer()).rejects.toThrow('no keys');
    making.mockRestore();
    expect(await leftBehind()).toEqual([]);
  });

  test('when it is interrupted', async () => {
    const host = makeHost(captureOutput());
    const ended = runServe({ port: 0, adminPort: 0, log: 'silent' }, { host, ending: new Ending(host) });
    host.signal();

    expect(await ended).toBe(0);
    expect(await leftBehind()).toEqual([]);
  });
});

test('a process that ends without closing its server leaves no temporary files', async () => {
  const index = new URL('../../server/index.ts', import.meta.url).href;
  const program = `import { startMockServer } from '${index}'; await startMockServer(); process.exit(7);`;
  const [code] = await once(execFile(node, ['--input-type=module', '-e', program]), 'exit');

  expect(code).toBe(7);
  expect(await leftBehind()).toEqual([]);
});

describe('the key log', () => {
  test('is for its owner alone, and holds the secrets of each connection', async () => {
    await using folder = await openFolder();
    await using server = await startMockServer({ keylog: folder.at('keys') });
    await using client = await openClient(server);
    await client.get(TASKS);
    await server.close();

    expect((await stat(folder.at('keys'))).mode & 0o777).toBe(0o600);
    expect(await readFile(folder.at('keys'), 'utf8')).toMatch(/^CLIENT_TRAFFIC_SECRET_0 [0-9a-f]{64} [0-9a-f]+$/m);
  });

  test('on a disk that fills up is one event and one line, not a bug, and clients are served', async () => {
    await using serving = await openServe(['--keylog', '/dev/full']);
    await using client = await openClient(serving);
    await using second = await openClient(serving);

    expect([(await client.get(TASKS)).status, (await second.get(TASKS)).status]).toEqual([200, 200]);
    expect(await serving.hearOf('keylog.failed')).toMatchObject({
      file: '/dev/full',
      msg: 'cannot write TLS secrets to /dev/full: ENOSPC: no space left on device; trying again',
    });
    serving.signal('SIGTERM');

    const { exitCode, stdout } = await serving.ended;
    expect(exitCode).toBe(0);
    expect(stdout.match(/keylog\.failed/g)).toHaveLength(1);
    expect(stdout).not.toContain('"type":"bug"');
  });
});

test('output that cannot be written is one sentence, with the way out', async () => {
  const full = openSync('/dev/full', 'w');
  const child = spawn(node, [commandLine, 'list'], { stdio: ['ignore', full, 'pipe'] });
  closeSync(full);
  const [stderr, [code]] = await Promise.all([
    readText(child.stderr ?? expect.fail('it has no stderr')),
    once(child, 'exit'),
  ]);

  expect([code, stderr]).toEqual([2, `FILE_UNWRITABLE\nCannot write the output: ${NO_SPACE}`]);
});

describe.runIf(hasFullDisk)('a disk that is full', () => {
  test('refuses the ready file, with one sentence and the way out', async () => {
    using disk = mountFullDisk();
    const file = disk.at('ready.json');

    expect(await callMock('serve', '--port', '0', '--admin-port', '0', '--ready-file', file)).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `FILE_UNWRITABLE\nCannot write ${file}: ${NO_SPACE}`,
    });
    expect([await readdir(disk.path), await leftBehind()]).toEqual([['filler'], []]);
  });

  test('refuses a report; the others are written, and the verdict is printed', async () => {
    using disk = mountFullDisk();
    await using folder = await openFolder();
    const [lost, kept] = [disk.at('report.json'), folder.at('report.json')];
    const reports = ['--report', `json:${lost}`, '--report', `json:${kept}`];

    const { exitCode, stdout, stderr } = await callMock('run', 'healthy', ...reports, '--', node, '-e', '0');

    expect([exitCode, stderr]).toEqual([2, `FILE_UNWRITABLE\nCannot write ${lost}: ${NO_SPACE}`]);
    expect(stdout).toMatch(/inconclusive: .*\ncommand: exit code 0\n$/);
    expect(JSON.parse(await readFile(kept, 'utf8'))).toMatchObject({ scenario: 'healthy' });
    expect([await readdir(disk.path), await readdir(folder.path), await leftBehind()]).toEqual([
      ['filler'],
      ['report.json'],
      [],
    ]);
  });

  test('behind the temporary files of a run ends it before its command starts', async () => {
    // Room for the CA, and not for all that the command trusted before.
    using disk = mountDisk(4);
    process.env.TMPDIR = disk.path;

    const { exitCode, stdout, stderr } = await callMock('run', 'healthy', '--', node, '-e', 'console.log(1)');

    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^NO_SCRATCH_FOLDER\n.+ENOSPC: no space left on device\)\.\n.+Free some space.+\n$/);
    expect(await readdir(disk.path)).toEqual([]);
  });

  test('takes no temporary files, so they go to shared memory', async () => {
    using disk = mountFullDisk();
    process.env.TMPDIR = disk.path;

    await using server = await startMockServer();

    expect(server.caFile).toMatch(/^\/dev\/shm\/seedance-mock-/);
    expect(await readdir(disk.path)).toEqual(['filler']);
    await server.close();
    await expect(readFile(server.caFile)).rejects.toThrow('ENOENT');
  });
});

test('a folder for temporary files that vanishes is no reason to fail', async () => {
  const server = await startMockServer();
  for (const name of await leftBehind()) await rm(temporary.at(name), { recursive: true });
  await server.close();
});

test('a key log that cannot be written is an error for a program, too', async () =>
  expect(startMockServer({ keylog: temporary.path })).rejects.toThrow(UsageError));
