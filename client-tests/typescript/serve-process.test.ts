import { readdir, readFile, watch } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { canRun, startProgram } from '../cli/run-client.ts';
import { openClient } from './support/client.ts';
import { openFolder, openServe, type Ready, readLog, startMock } from './support/command-line.ts';
import { openRawSocket, openTlsSocket } from './support/sockets.ts';
import { TASKS } from './support/tasks.ts';

const hasCurl = canRun('curl', '--http2', '--version');
if (!hasCurl) console.log('the printed curl line is not tried: there is no curl with HTTP/2');

const FREE_PORTS = ['--port', '0', '--admin-port', '0'];

describe('serve tells where it serves', () => {
  test('in JSON, and in the ready file', async () => {
    await using folder = await openFolder();
    await using serving = await openServe(['--ready-file', folder.at('ready.json'), '--seed', '4711'], startMock);

    const ready: Ready = JSON.parse(await readFile(folder.at('ready.json'), 'utf8'));

    expect(ready).toEqual({
      url: expect.stringMatching(/^https:\/\/localhost:\d+$/),
      adminUrl: expect.stringMatching(/^http:\/\/localhost:\d+$/),
      storageUrl: expect.stringMatching(/^https:\/\/localhost:\d+$/),
      caFile: expect.stringMatching(/ca\.pem$/),
      seed: 4711,
      pid: expect.any(Number),
    });
    expect(serving.ready).toEqual(ready);
    await using client = await openClient(serving);
    expect((await client.get(TASKS)).status).toBe(200);
    expect((await fetch(`${ready.adminUrl}/health/ready`)).status).toBe(200);
    process.kill(ready.pid, 'SIGINT');
    expect((await serving.ended).exitCode).toBe(0);
  });

  test('in a ready file that is whole the moment it appears, and nowhere else when it is to be silent', async () => {
    await using folder = await openFolder();
    const changes = watch(folder.path);
    await using serving = startMock([
      'serve',
      ...FREE_PORTS,
      '--log',
      'silent',
      '--ready-file',
      folder.at('ready.json'),
    ]);

    for await (const { filename } of changes) if (filename === 'ready.json') break;

    const { adminUrl } = JSON.parse(await readFile(folder.at('ready.json'), 'utf8'));
    expect((await fetch(`${adminUrl}/health/ready`)).status).toBe(200);
    expect(await readdir(folder.path)).toEqual(['ready.json']);
    serving.signal('SIGTERM');
    expect(await serving.ended).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  });

  test.runIf(hasCurl)('on a terminal, with a curl line to paste', async () => {
    await using serving = startMock(['serve', ...FREE_PORTS]);
    const printed: string[] = [];
    while (!printed.at(-1)?.startsWith('    -d')) printed.push((await serving.hear()) ?? expect.fail('it ended'));

    await using curl = startProgram(['sh', '-c', printed.slice(-2).join('\n')]);

    expect(JSON.parse((await curl.ended).stdout)).toEqual({ id: expect.stringMatching(/^cgt-/) });
    serving.signal('SIGINT');
    const { exitCode, stdout } = await serving.ended;
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/seedance-mock is ready on .* \(profile seedance, scenario "inline", seed \d+\)/);
    expect(stdout).toMatch(/cgt-\S+ created for doubao-seedance-2-0-260128/);
  });
});

describe.each(['SIGINT', 'SIGTERM'] as const)('%s ends serve', (signal) => {
  test('with exit code 0, and it leaves nothing behind', async () => {
    await using folder = await openFolder();
    // Node's own compile cache is meant to stay, for the next start.
    const env = { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1', TMPDIR: folder.path };
    await using serving = await openServe([], (args) => startMock(args, env));
    expect(await readdir(folder.path)).toHaveLength(1);

    serving.signal(signal);

    expect(await serving.ended).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await readdir(folder.path)).toEqual([]);
  });

  test('whatever its connections are doing', async () => {
    await using folder = await openFolder();
    const scenario = await folder.write(
      'stuck.yaml',
      `
      faults:
        - { name: never served, on: accept, when: { first: 1 }, inject: [ hang ] }
        - { name: slow, on: request, match: { method: GET }, inject: [ delay: { ms: 10m } ] }
      `,
    );
    // Without the FIN rule only the shutdown itself can end what does not answer.
    await using serving = await openServe([scenario, '--profile', 'permissive']);
    await using hanging = await openRawSocket(serving);
    await serving.hearOf('fault.injected');
    await using wordless = await openRawSocket(serving);
    await using deaf = await openTlsSocket(serving, { alpn: ['h2'] });
    await using idle = await openClient(serving);
    await using busy = await openClient(serving);
    const reply = busy.get(TASKS);
    await serving.hearOf('fault.injected');

    serving.signal(signal);

    const ran = await serving.ended;
    expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
    const ended = readLog(ran).filter(({ type }) => type === 'connection.ended');
    expect(ended.toSorted((a, b) => Number(a.connection) - Number(b.connection))).toMatchObject([
      { by: 'shutdown', how: 'reset', requests: [] },
      { by: 'shutdown', how: 'reset', requests: [] },
      { by: 'shutdown', how: 'reset', requests: [] },
      { by: 'shutdown', how: 'goaway', requests: [] },
      { by: 'shutdown', how: 'reset', requests: [{ method: 'GET', path: TASKS }] },
    ]);
    expect([await hanging.ended(), await wordless.ended(), await deaf.ended()]).toEqual(['reset', 'fin', 'fin']);
    expect(idle.transcript).toEqual(['GOAWAY NO_ERROR last=0', 'FIN']);
    expect((await reply).frames).toEqual([]);
    // A client that says GOAWAY back is told it once more.
    expect([...new Set(busy.transcript)]).toEqual(['GOAWAY NO_ERROR last=1', 'RESET']);
  });
});
