import { readFile } from 'node:fs/promises';
import { getCACertificates } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { startMockServer } from '../../server/index.ts';
import type { VerdictReport } from '../../server/verdict/verdict.ts';
import { callMock, openFolder, runMock, startHere, startMock } from './support/command-line.ts';
import { textOnly } from './support/tasks.ts';

const client = fileURLToPath(new URL('./reference/make-video.ts', import.meta.url));
const node = process.execPath;

/** Runs the reference client of a kind in a scenario. */
const judge = (kind: 'naive' | 'hardened', scenario: string, ...options: readonly string[]) =>
  runMock('run', scenario, ...options, '--', node, client, kind);

const { SSL_CERT_FILE, REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, NODE_EXTRA_CA_CERTS, ...untrusting } = process.env;

/** The server's CA, and what `run` lets its command trust. */
async function readTrust(env: NodeJS.ProcessEnv) {
  const read = `const { readFileSync } = require('fs'), { SSL_CERT_FILE, NODE_EXTRA_CA_CERTS, SEEDANCE_MOCK_ADMIN } = process.env;
    fetch(SEEDANCE_MOCK_ADMIN + '/ca.pem').then((answer) => answer.text()).then((ca) => console.log(JSON.stringify({ ca,
      bundle: readFileSync(SSL_CERT_FILE, 'utf8'), extra: readFileSync(NODE_EXTRA_CA_CERTS, 'utf8') })))`;
  await using run = startMock(['run', 'healthy', '--settle', '0', '--', node, '-e', read], env);
  return JSON.parse((await run.hear()) ?? '{}') as Record<'ca' | 'bundle' | 'extra', string>;
}

describe('run', () => {
  test('a hardened client passes, and the exit code is 0', async () => {
    const { exitCode, stdout } = await judge('hardened', 'lost-create', '--speed', '5');
    expect(stdout).toMatch(/^pass no-duplicate-creates {2}1 task for 1 create$/m);
    expect(stdout).toMatch(/^pass: 2 passed, 0 failed, 0 inconclusive\ncommand: exit code 0$/m);
    expect(exitCode).toBe(0);
  });

  test('a naive client fails, with what was seen, the events, the hint, and exit code 1', async () => {
    const { exitCode, stdout } = await judge('naive', 'lost-create', '--speed', '5');
    expect(stdout).toMatch(/^FAIL no-duplicate-creates {2}2 tasks for one create, of which cgt-/m);
    expect(stdout).toMatch(/\(events \d+, \d+\)/);
    expect(stdout).toMatch(/-> Put a mark on each create/);
    expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([]);
    expect(exitCode).toBe(1);
  });

  test('what nobody could see is inconclusive, with exit code 3', async () => {
    const { exitCode, stdout } = await runMock('run', 'lost-create', '--', node, '-e', '0');
    expect(stdout).toMatch(/^\?\?\?\? no-duplicate-creates {2}no client connected/m);
    expect(exitCode).toBe(3);
  });

  test('the command gets what it needs in its environment', async () => {
    const names = ['SEEDANCE_BASE_URL', 'ARK_BASE_URL', 'ARK_API_KEY', 'SEEDANCE_MOCK_ADMIN'];
    const cas = ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'];
    const print = `console.log(JSON.stringify(${JSON.stringify([...names, ...cas])}.map((name) => process.env[name])))`;
    const { stdout } = await runMock('run', 'healthy', '--', node, '-e', print);
    const [seedance, ark, key, admin, ...files] = JSON.parse(stdout.split('\n')[0] ?? '[]');
    expect(seedance).toMatch(/^https:\/\/localhost:\d+\/api\/v3$/);
    expect([ark, key.length > 0, admin]).toEqual([seedance, true, expect.stringMatching(/^http:\/\/localhost:\d+$/)]);
    expect(files).toEqual(Array(4).fill(expect.stringMatching(/\.pem$/)));
  });

  test('the command trusts the server, and all that it trusted before', async () => {
    await using folder = await openFolder();
    const [own = ''] = getCACertificates('bundled');
    const before = await folder.write('before.pem', own);
    const { ca, bundle, extra } = await readTrust({
      ...untrusting,
      SSL_CERT_FILE: before,
      NODE_EXTRA_CA_CERTS: before,
    });
    expect(bundle).toBe(`${ca}\n${own}`);
    expect(extra).toBe(`${ca}\n${own}`);
  });

  test('where nothing named what the command trusts, these are the roots of the system', async () => {
    const { ca, bundle, extra } = await readTrust(untrusting);
    expect(bundle.startsWith(`${ca}\n-----BEGIN CERTIFICATE-----`)).toBe(true);
    expect(bundle.split('BEGIN CERTIFICATE').length).toBeGreaterThan(50);
    expect(extra).toBe(ca);
  });

  test('a client that the service cuts by a rule of its own learns by which', async () => {
    const knock = "require('https').get(process.env.ARK_BASE_URL).on('error', () => {})";
    const { stdout } = await runMock('run', 'healthy', '--', node, '-e', knock);
    expect(stdout).toMatch(/on\s+1 connection, 1 reset\s+\(service\s+rules: alpn 1\)/);
    expect(stdout).toMatch(/-> The service takes only HTTP\/2, by ALPN; `--profile dual-stack` lets/);
  });

  test('every report is written, also when the command crashes', async () => {
    const folder = await openFolder();
    const formats = ['text', 'json', 'junit', 'html'] as const;
    const options = formats.flatMap((format) => ['--report', `${format}:${folder.at(`report.${format}`)}`]);
    const { exitCode, stdout } = await runMock('run', 'lost-create', ...options, '--', node, '-e', 'process.exit(7)');
    expect(stdout).toContain('command: exit code 7');
    expect(exitCode).toBe(1);
    const [text, json, junit, html] = await Promise.all(
      formats.map((format) => readFile(folder.at(`report.${format}`), 'utf8')),
    );
    expect(text).toContain('inconclusive: 0 passed');
    expect(JSON.parse(json ?? '') as VerdictReport).toMatchObject({
      version: 1,
      scenario: 'lost-create',
      outcome: 'inconclusive',
    });
    expect(junit).toContain('<skipped/>');
    expect(html).toContain('</html>');
    await folder[Symbol.asyncDispose]();
  });

  test('a command that cannot be started is exit code 2, and told', async () => {
    const { exitCode, stdout } = await runMock('run', 'healthy', '--', 'no-such-client');
    expect(stdout).toMatch(/command: cannot be started: .*no-such-client/);
    expect(exitCode).toBe(2);
  });

  test('a command that never ends is ended, with all that it started', async () => {
    const forever = ['sh', '-c', 'sleep 1000 & wait'];
    const { exitCode, stdout } = await runMock('run', 'healthy', '--timeout', '500', '--settle', '0', '--', ...forever);
    expect(stdout).toContain('command: ran into the time-out of 500 ms');
    expect(exitCode).toBe(1);
  });

  test('an interrupted run still judges and cleans up', async () => {
    const print = 'console.log(process.env.SSL_CERT_FILE); setInterval(() => {}, 1000)';
    await using run = startMock(['run', 'healthy', '--settle', '0', '--', node, '-e', print]);
    const caFile = (await run.hear()) ?? '';
    run.signal('SIGINT');
    const { exitCode, stdout } = await run.ended;
    expect(stdout).toContain('command: was interrupted');
    expect(exitCode).toBe(1);
    await expect(readFile(caFile)).rejects.toThrow('ENOENT');
  });

  test('a run that is interrupted while it waits for tasks waits no longer', async () => {
    await using folder = await openFolder();
    const endless = await folder.write('endless.yaml', 'profile: dual-stack\ntasks: { running: 24h }\n');
    const create = `fetch(process.env.ARK_BASE_URL + '/contents/generations/tasks',
      { method: 'POST', headers: { authorization: 'Bearer x' }, body: '${JSON.stringify(textOnly)}' })`;
    await using run = startHere(['run', endless, '--log', 'json', '--settle', '86400000', '--', node, '-e', create]);
    let line: string | undefined = '';
    while (line !== undefined && !line.includes('"type":"connection.ended"')) line = await run.hear();

    run.signal('SIGINT');

    const { stdout } = await run.ended;
    expect(stdout).toMatch(/"type":"task.created"/);
    expect(stdout).toMatch(/\ncommand: (exit code 0|was interrupted)\n$/);
  });

  test.each([
    [['--report', 'pdf:a.pdf'], 'Write FORMAT:FILE, with one of text, junit, html, json'],
    [['--report', 'json'], 'Write FORMAT:FILE'],
    [['--timeout', '0'], 'Expected a whole number from 1'],
  ])('%j is refused with the way out', async (options, words) => {
    const { exitCode, stderr } = await callMock('run', 'healthy', ...options, '--', node, '-e', '0');
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(words)]);
  });

  test('a scenario that expects what its profile hides is refused, with its place', async () => {
    const folder = await openFolder();
    const file = await folder.write(
      'blind.yaml',
      'service: { alpn: { offer: [http/1.1], absent: http/1.1 } }\nexpect:\n  - goaway-respected\n',
    );
    const { exitCode, stderr } = await callMock('run', file, '--', node, '-e', '0');
    expect(stderr).toMatch(/blind\.yaml:3:5 {2}UNMEASURABLE\n"goaway-respected" cannot be measured here/);
    expect(exitCode).toBe(2);
    await folder[Symbol.asyncDispose]();
  });
});

describe('report', () => {
  test.each([
    ['text', '???? tasks-settled'],
    ['json', '"outcome": "inconclusive"'],
    ['junit', '<testcase'],
    ['html', '<!doctype html>'],
  ])('%s of a server that runs', async (format, words) => {
    await using server = await startMockServer({ scenario: 'healthy' });
    const { exitCode, stdout } = await callMock('report', '--admin', server.adminUrl, '--format', format);
    expect(stdout).toContain(words);
    expect(exitCode).toBe(3);
    const served = await fetch(`${server.adminUrl}/report?format=${format}`);
    expect(await served.text()).toBe(stdout);
  });

  test('says why the server refuses', async () => {
    await using server = await startMockServer({ adminToken: 'open sesame' });

    const { exitCode, stderr } = await callMock('report', '--admin', server.adminUrl);

    expect(exitCode).toBe(2);
    expect(stderr).toContain('(it answered 401: The admin token is missing or wrong)');
  });

  test('where no server is, it says so', async () => {
    const { exitCode, stderr } = await callMock('report', '--admin', 'http://127.0.0.1:9');
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('No report can be had there')]);
  });
});
