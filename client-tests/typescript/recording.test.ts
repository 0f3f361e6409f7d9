import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { startMockServer } from '../../server/index.ts';
import { canRun, startProgram } from '../cli/run-client.ts';
import { callAdmin } from './support/admin.ts';
import { openClient } from './support/client.ts';
import { callMock, commandLine, openFolder, openServe, readLog, runMock, startMock } from './support/command-line.ts';
import { canMount, mountDisk } from './support/small-disk.ts';
import { createTask, getTask, TASKS } from './support/tasks.ts';

const node = process.execPath;
const client = fileURLToPath(new URL('./reference/make-video.ts', import.meta.url));
const hasFifos = canRun('mkfifo', '--version');

/** Starts `seedance-mock` on a disk that takes one write, the first of a recording. Each later one
 * waits in a thread, as on NFS whose server is gone. */
function startWithHangingDisk(fifo: string, args: readonly string[]) {
  const hang = `
    import { open } from 'node:fs/promises';
    const handle = await open('/dev/null');
    const { prototype } = handle.constructor;
    const { write } = prototype;
    await handle.close();
    let writes = 0;
    prototype.write = function (...given) { return writes++ === 0 ? write.apply(this, given) : open('${fifo}', 'w'); };
  `;
  spawnSync('mkfifo', [fifo]);
  const load = ['--import', `data:text/javascript,${encodeURIComponent(hang)}`];
  return startProgram([node, ...load, commandLine, ...args]);
}

/** What `report --record` says, and with what exit code. */
const report = (folder: string, ...options: readonly string[]) => callMock('report', '--record', folder, ...options);
const reportJson = async (...args: Parameters<typeof report>) => {
  const { stdout } = await report(...args, '--format', 'json');
  return stdout;
};

/** The lines of a file of a recording. */
const linesOf = async (folder: string, file = 'main/events-000001.ndjson') =>
  (await readFile(`${folder}/${file}`, 'utf8')).trimEnd().split('\n');

describe('run --record', () => {
  test.each(['naive', 'hardened'] as const)(
    'report --record judges a %s client as run did, byte for byte',
    async (kind) => {
      await using folder = await openFolder();
      const [dir, file] = [folder.at('recording'), folder.at('report.json')];
      const run = await runMock(
        ...[
          'run',
          'lost-create',
          '--speed',
          '5',
          '--record',
          dir,
          '--report',
          `json:${file}`,
          '--',
          node,
          client,
          kind,
        ],
      );

      expect(await reportJson(dir)).toBe(await readFile(file, 'utf8'));
      const { exitCode, stdout } = await report(dir);
      expect(run.stdout).toContain(`\n${stdout}command: `);
      expect([exitCode, run.exitCode]).toEqual(kind === 'naive' ? [1, 1] : [0, 0]);
    },
  );

  test('report --record gives each format as run wrote it', async () => {
    await using folder = await openFolder();
    const dir = folder.at('recording');
    const formats = ['json', 'junit', 'html', 'text'] as const;
    const reports = formats.flatMap((format) => ['--report', `${format}:${folder.at(format)}`]);
    const command = ['--', node, client, 'naive'];
    await runMock('run', 'poll-reset', '--speed', '5', '--record', dir, ...reports, ...command);

    for (const format of formats) {
      const { stdout } = await report(dir, '--format', format);
      expect(stdout).toBe(await readFile(folder.at(format), 'utf8'));
    }
  });
});

test.runIf(hasFifos)('run on a disk that hangs judges, ends, and says how much is not recorded', async () => {
  await using folder = await openFolder();
  const args = [
    'run',
    'healthy',
    '--speed',
    '20',
    '--settle',
    '0',
    '--record',
    folder.at('recording'),
    '--',
    node,
    client,
    'hardened',
  ];
  await using run = startWithHangingDisk(folder.at('fifo'), args);

  const { exitCode, stdout, stderr } = await run.ended;

  expect(stderr).toMatch(/^\d+ events are not in the recording in .*\/recording\.\n$/);
  expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/\ncommand: exit code 0\n$/)]);
});

describe('serve --record', () => {
  test('report --record gives the last GET /report of each lane again, byte for byte', async () => {
    await using folder = await openFolder();
    const dir = folder.at('recording');
    await using serve = await openServe(['lost-create', '--record', dir]);
    const { adminUrl } = serve.ready;
    await callAdmin(serve.ready, 'POST /lanes', '{"id":"a","scenario":"poll-reset","seed":3,"clock":20}');
    await using browser = await openClient(serve);
    await createTask(browser).catch(() => {});
    await using again = await openClient(serve);
    await getTask(again, await createTask(again));
    const ask = async (path: string) => (await fetch(`${adminUrl}${path}`)).text();
    await ask('/report');
    const [main, lane] = await Promise.all([ask('/report?resets=fin'), ask('/lanes/a/report')]);
    await again.get(TASKS);
    serve.signal('SIGTERM');
    await serve.ended;

    expect(await reportJson(dir)).toBe(main);
    expect(await reportJson(dir, '--lane', 'a')).toBe(lane);
    expect((await report(dir)).stderr).toMatch(/^Judged is what was known at the last verdict; \d+ later events count/);
    expect((await report(dir, '--until', 'end')).stderr).toBe('');
  });

  test('a recording with another scenario, a reset and a changed clock is judged as the server did', async () => {
    await using folder = await openFolder();
    const dir = folder.at('recording');
    const server = await startMockServer({ scenario: 'lost-create', clock: 'manual', record: dir });
    const use = async () => {
      await using one = await openClient(server);
      await createTask(one).catch(() => {});
    };
    await use();
    await callAdmin(server, 'POST /reset');
    await use();
    await callAdmin(server, 'POST /clock', '{"speed":20}');
    await callAdmin(server, 'POST /scenarios/poll-reset/activate');
    await use();
    const last = await (await fetch(`${server.adminUrl}/report`)).text();
    await server.close();

    expect(JSON.parse(last)).toMatchObject({ scenario: 'poll-reset' });
    expect(await reportJson(dir)).toBe(last);
  });

  test('after a signal, the recording holds all that happened', async () => {
    await using folder = await openFolder();
    const dir = folder.at('recording');
    await using serve = await openServe(['--record', dir], startMock);
    await using browser = await openClient(serve);
    await createTask(browser);
    serve.signal('SIGTERM');
    const ran = await serve.ended;

    const lines = (await linesOf(dir)).map((line) => JSON.parse(line));
    expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
    expect(lines.at(-1)).toMatchObject({ record: 'end', seq: lines.at(-2).seq });
    expect(lines.flatMap(({ seq, type }) => (type ? [seq] : []))).toEqual(
      lines.slice(1, -1).map((_, index) => index + 1),
    );
    const ends = readLog(ran).filter(({ type }) => type === 'connection.ended');
    expect(ends.at(-1)?.seq).toBe(lines.at(-1).seq);
  });

  test('the recording of a server that was killed is judged', async () => {
    await using folder = await openFolder();
    const dir = folder.at('recording');
    await using serve = await openServe(['lost-create', '--record', dir], startMock);
    await using browser = await openClient(serve);
    await createTask(browser).catch(() => {});
    // The recording has the verdict once another call has been answered after the lines had time to
    // be written.
    const last = await (await fetch(`${serve.ready.adminUrl}/report`)).text();
    const isWritten = async () =>
      (await readFile(`${dir}/main/events-000001.ndjson`, 'utf8')).includes('"record":"judged"');
    while (!(await isWritten())) await fetch(`${serve.ready.adminUrl}/health/live`);
    serve.signal('SIGKILL');
    await serve.ended;

    const { stdout, stderr, exitCode } = await report(dir, '--format', 'json');
    expect(stdout).toBe(last);
    expect(stderr).toBe('The recording has no end: the server was killed, or still runs, or its disk was full.\n');
    expect([exitCode, JSON.parse(stdout).outcome]).toEqual([1, 'fail']);
  });

  test.runIf(hasFifos)(
    'a disk that hangs keeps neither calls nor the end waiting, and the log says what is lost',
    async () => {
      await using folder = await openFolder();
      const start = (args: readonly string[]) => startWithHangingDisk(folder.at('fifo'), args);
      await using serve = await openServe(['--record', folder.at('recording')], start);
      await using browser = await openClient(serve);
      const id = await createTask(browser);
      expect(await getTask(browser, id)).toMatchObject({ id });

      serve.signal('SIGTERM');
      const ran = await serve.ended;

      expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
      expect(readLog(ran)).toContainEqual(expect.objectContaining({ type: 'recording.lost', lane: 'main' }));
    },
  );

  test('/metrics counts events that are not recorded', async () => {
    await using folder = await openFolder();
    await using server = await startMockServer({ record: folder.at('recording') });
    const metrics = await (await fetch(`${server.adminUrl}/metrics`)).text();
    expect(metrics).toMatch(/^seedance_mock_recording_lost_events_total 0$/m);
    expect(server.unrecorded).toBe(0);
    await using other = await startMockServer();
    expect(await (await fetch(`${other.adminUrl}/metrics`)).text()).not.toContain('recording');
  });

  test('the recording holds the journal, and no keys and no prompts', async () => {
    await using folder = await openFolder();
    const dir = folder.at('recording');
    const secret = 'geheim4711';
    const server = await startMockServer({ record: dir, profile: 'permissive', clock: 'manual', adminToken: secret });
    await using browser = await openClient(server);
    const headers = { authorization: `Bearer ${secret}`, cookie: secret, 'x-api-key': secret };
    const content = [{ type: 'text', text: `a ${secret} at dusk` }];
    const id = await createTask(browser, { content, safety_identifier: 'me' }, headers);
    await server.clock.advance(10_000);
    const { content: result } = JSON.parse((await browser.get(`${TASKS}/${id}`, headers)).text);
    const { pathname, search } = new URL(result.video_url);
    await browser.get(`${pathname}${search}`);
    await server.verdict();
    await server.close();

    const lines = await linesOf(dir);
    const texts = lines.filter((line) => !line.startsWith('{"record":'));
    expect(texts).toEqual(server.journal.events().map((event) => JSON.stringify(event)));
    expect(texts.join('\n')).toContain(id);
    for (const line of lines) expect(line).not.toContain(secret);
    expect(lines.join('\n')).not.toContain('at dusk');
  });
});

test('a recording of 100 MB is judged in a heap of 64 MB', async () => {
  await using folder = await openFolder();
  const dir = folder.at('recording');
  const server = await startMockServer({ scenario: 'lost-create', record: dir });
  await server.close();
  const [file, did] = [`${dir}/main/events-000001.ndjson`, 'x'.repeat(2_400)];
  const lines = (await linesOf(dir)).slice(0, -1);
  const known = lines.length - 1;
  const struck = (seq: number) =>
    JSON.stringify({ type: 'fault.injected', fault: 'a', hook: 'request', ordinal: seq, did, at: seq, seq });
  await writeFile(file, `${lines.join('\n')}\n`);
  for (let n = 0; n < 40; n++) {
    const thousand = Array.from({ length: 1_000 }, (_, index) => struck(known + n * 1_000 + index + 1));
    await appendFile(file, `${thousand.join('\n')}\n`);
  }

  const command = [node, '--max-old-space-size=64', commandLine, 'report', '--record', dir, '--format', 'json'];
  await using program = startProgram(command);
  const { exitCode, stdout } = await program.ended;

  expect(exitCode).toBe(3);
  expect(JSON.parse(stdout)).toMatchObject({ faults: { a: 40_000 }, missed: 0 });
});

describe('a recording that cannot be', () => {
  const serve = (...args: readonly string[]) => callMock('serve', '--port', '0', '--admin-port', '0', ...args);

  test('serve refuses a folder with a recording in it', async () => {
    await using folder = await openFolder();
    const dir = folder.at('recording');
    await runMock('run', 'healthy', '--settle', '0', '--record', dir, '--', 'true');
    const before = await linesOf(dir);

    expect(await serve('--record', dir)).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `RECORDING_EXISTS\nThere is a recording in ${dir} already, which stays as it is.\nName another folder, such as \`--record ${dir}-2\`, or remove that one.\n`,
    });
    expect(await linesOf(dir)).toEqual(before);
  });

  test.runIf(canMount())('serve refuses a read-only folder', async () => {
    using disk = mountDisk(8);
    execFileSync('mount', ['-o', 'remount,ro', disk.path]);
    const { exitCode, stderr } = await serve('--record', disk.at('recording'));
    expect([exitCode, stderr]).toEqual([
      2,
      `FOLDER_UNWRITABLE\nCannot record in ${disk.at('recording')}: EROFS: read-only file system.\nName a folder that you may write to, or one that can be made: \`--record recording\`.\n`,
    ]);
  });

  test('a server that cannot start leaves no folder', async () => {
    await using folder = await openFolder();
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const address = holder.address();
    const port = String(typeof address === 'object' && address?.port);
    const { stderr } = await callMock('serve', '--admin-port', '0', '--port', port, '--record', folder.at('a/b'));
    holder.close();
    expect(stderr).toContain('PORT_IN_USE');
    expect(await readdir(folder.path)).toEqual([]);
    await expect(stat(folder.at('a'))).rejects.toThrow('ENOENT');
  });

  test.each([
    [['--record', 'x', '--admin', 'http://localhost:1'], "option '--record <dir>' cannot be used with"],
    [['--lane', 'x'], '--lane without --record does not take "x".'],
    [['--until', 'end'], '--until without --record does not take "end".'],
    [['--record', 'x', '--until', 'then'], 'Allowed choices are judged, end.'],
    [['--record', ''], '--record does not take "".'],
    [['--record', 'no-such-folder'], 'Cannot judge no-such-folder: ENOENT: no such file or directory.'],
  ])('report %j is refused', async (options, reason) => {
    const { exitCode, stdout, stderr } = await callMock('report', ...options);
    expect([exitCode, stdout, stderr]).toEqual([2, '', expect.stringContaining(reason)]);
  });

  test('--record-files without --record is refused', async () => {
    const { exitCode, stderr } = await serve('--record-files', '3');
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('`--record recording --record-files 3`')]);
  });

  test.each([0, 100_001, 2.5])('%d files are refused', async (recordFiles) => {
    await expect(startMockServer({ recordFiles })).rejects.toMatchObject({ problems: [{ code: 'INVALID_OPTION' }] });
    expect((await serve('--record-files', `${recordFiles}`)).exitCode).toBe(2);
  });
});
