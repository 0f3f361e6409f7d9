import { once } from 'node:events';
import { readdir, readFile, watch } from 'node:fs/promises';
import tls from 'node:tls';
import { describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { findFreePorts } from '../../server/fixtures/free-ports.ts';
import { startMockServer } from '../../server/index.ts';
import { canRun, startProgram } from '../cli/run-client.ts';
import { openClient } from './support/client.ts';
import { openFolder, openServe, type Ready, readLog, runMock, startMock } from './support/command-line.ts';
import { resolverOf } from './support/dns.ts';
import { openRawSocket, openTlsSocket } from './support/sockets.ts';
import { TASKS, textOnly } from './support/tasks.ts';

const hasCurl = canRun('curl', '--http2', '--version');
if (!hasCurl) console.log('the printed curl line is not tried: there is no curl with HTTP/2');

/** What pino calls a warning. */
const WARN = 40;

const FREE_PORTS = ['--port', '0', '--admin-port', '0'];

const portOf = (url: string) => new URL(url).port;

/** Serves on free ports with options that it refuses, and returns how that ended. */
const refuse = (...args: readonly string[]) => runMock('serve', ...FREE_PORTS, ...args);

describe('serve tells where it serves', () => {
  test('in JSON, and in the ready file', async () => {
    await using folder = await openFolder();
    await using serving = await openServe(['--ready-file', folder.at('ready.json'), '--seed', '4711']);

    const ready: Ready = JSON.parse(await readFile(folder.at('ready.json'), 'utf8'));

    expect(ready).toEqual({
      url: expect.stringMatching(/^https:\/\/localhost:\d+$/),
      adminUrl: expect.stringMatching(/^http:\/\/localhost:\d+$/),
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
    await using serving = await openServe([], { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1', TMPDIR: folder.path });
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

describe('serve refuses', () => {
  test('a ready file that it cannot write, and serves no longer', async () => {
    await using folder = await openFolder();
    const file = folder.at('no/such/ready.json');

    const { exitCode, stdout, stderr } = await refuse('--ready-file', file);

    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`FILE_UNWRITABLE\nCannot write ${file}: ENOENT`);
    expect(stderr).not.toContain('.part');
    expect(stderr).toContain('Name a file in a folder that exists');
  });

  test('a keylog that it cannot write', async () => {
    await using folder = await openFolder();

    const { exitCode, stdout, stderr } = await refuse('--keylog', folder.at('no/such/keylog'));

    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain('FILE_UNWRITABLE');
  });

  test.each(['--port', '--admin-port'])('a %s that is taken', async (option) => {
    await using other = await startMockServer();
    const port = portOf(other.url);

    const { exitCode, stdout, stderr } = await refuse(option, port);

    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`PORT_IN_USE\nPort ${port} on 127.0.0.1 is taken.\nStop what listens there, or choose`);
    await using client = await openClient(other);
    expect((await client.get(TASKS)).status).toBe(200);
  });

  test('an address that is not here', async () => {
    expect(await refuse('--host', '192.0.2.1')).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringContaining('CANNOT_LISTEN\nCannot listen on 192.0.2.1:0'),
    });
  });

  test.each([
    ['--port', '70000', 'Expected a whole number from 0 to 65535.'],
    ['--port', '84.43', 'Expected a whole number from 0 to 65535.'],
    ['--admin-port', 'http', 'Expected a whole number from 0 to 65535.'],
    ['--dns-port', '53053x', 'Expected a whole number from 0 to 65535.'],
    ['--lane-ports', '9000', 'Expected FROM-TO, both from 1 to 65535 and 1000 ports at most, such as 9000-9015.'],
    ['--lane-ports', '9015-9000', 'Expected FROM-TO'],
    ['--lane-ports', '0-9', 'Expected FROM-TO'],
    ['--lane-ports', '65000-65536', 'Expected FROM-TO'],
    ['--lane-ports', '9000-10000', 'Expected FROM-TO'],
    ['--cert-name', 'https://example.com', 'Expected an IP address or a host name, such as 172.17.0.1'],
    ['--dns-name', 'https://example.com', 'Expected a host name, such as videos.example.com or *.example.com.'],
    ['--seed', '-1', 'Expected a whole number from 0 to 4294967295.'],
    ['--speed', '0', 'Expected a number above 0, 10000 at most'],
    ['--speed', 'fast', 'Expected a number above 0, 10000 at most'],
    ['--profile', 'seedanse', 'Allowed choices are seedance, dual-stack, permissive.'],
    ['--log', 'xml', 'Allowed choices are pretty, json, silent.'],
    ['--public-url', 'videos.example.com', 'Expected scheme and authority, such as https://videos.example.com.'],
    ['--otlp', 'localhost:4318', 'Expected scheme and authority, such as https://videos.example.com.'],
  ])('%s %s', async (option, given, expected) => {
    const { exitCode, stdout, stderr } = await refuse(`${option}=${given}`);

    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`argument '${given}' is invalid. ${expected}`);
    expect(stderr).toContain('`seedance-mock --help` shows what there is.');
  });

  test('names to answer DNS for, where nothing answers DNS', async () => {
    expect(await refuse('--dns-name', 'a.example.com', '--dns-name', '*.example.org')).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `INVALID_OPTION
--dns-name without --dns-port does not take "a.example.com, *.example.org".
Name a port on which DNS is answered: \`seedance-mock serve --dns-port 5353 --dns-name a.example.com\`.
`,
    });
  });

  test.each(['--port', '--admin-port'])('lane ports among which is its %s', async (option) => {
    const { exitCode, stderr } = await refuse(option, '9007', '--lane-ports', '9000-9015');

    expect([exitCode, stderr]).toEqual([
      2,
      `INVALID_OPTION
--lane-ports does not take "9000-9015".
${option} 9007 lies between them: take ports that nothing else has, such as 9000-9015.
`,
    ]);
  });

  test('an option that there is not', async () => {
    const { exitCode, stderr } = await refuse('--prot', '1');

    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('(Did you mean --port?)')]);
  });

  test('a scenario that there is not', async () => {
    expect(await refuse('poll-rest')).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringMatching(
        /^SCENARIO_NOT_FOUND\nThere is no scenario file .*"poll-rest"\.\nDid you mean "poll-reset"\?/,
      ),
    });
  });

  test('a scenario with problems, and tells all of them', async () => {
    await using folder = await openFolder();
    // A path like this could be the text of a scenario; the file that is there decides.
    const file = await folder.write(
      'my bad: one.yaml',
      'nmae: bad\nseed: -1\nfaults:\n  - { on: request, inject: [ go-away ] }\n',
    );

    const { exitCode, stdout, stderr } = await refuse(file);

    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr.split('\n').filter((line) => line.startsWith(file))).toEqual([
      `${file}:1:1  UNKNOWN_KEY`,
      `${file}:2:7  INVALID_VALUE`,
      `${file}:4:30  UNKNOWN_FAULT`,
    ]);
    expect(stderr).toContain('Did you mean "goaway"?');
  });
});

describe('serve', () => {
  test('answers DNS on a port of its own, and tells which', async () => {
    const names = ['--dns-name', 'videos.example.com', '--dns-name', '*.example.org'];
    await using serving = await openServe(['--dns-port', '0', ...names]);

    const resolver = resolverOf(serving.ready);

    expect(serving.ready.dns).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(await resolver.resolve4('videos.example.com')).toEqual(['127.0.0.1']);
    expect((await serving.hearOf('dns.query')).msg).toMatch(/^dns videos\.example\.com A by udp: 127\.0\.0\.1 in/);
    expect(await resolver.resolve4('cdn.example.org')).toEqual(['127.0.0.1']);
  });

  test('gives lanes the ports that it was given for them', async () => {
    const [port = 0] = await findFreePorts(1);
    await using serving = await openServe(['--lane-ports', `${port}-${port}`]);
    const openLane = async () => (await fetch(`${serving.ready.adminUrl}/lanes`, { method: 'POST' })).json();

    expect(await openLane()).toMatchObject({ url: `https://localhost:${port}` });
    expect(await openLane()).toMatchObject({ problems: [{ code: 'NO_LANE_PORT' }] });
  });

  test('shows a certificate that holds for the addresses and names it was given', async () => {
    await using serving = await openServe(['--cert-name', '192.0.2.1', '--cert-name', '*.example.com']);
    const socket = tls.connect({ port: Number(portOf(serving.url)), ca: serving.ca, ALPNProtocols: ['h2'] });
    await once(socket, 'secureConnect');

    const covered = socket.getPeerCertificate().subjectaltname?.split(', ');
    socket.destroy();

    expect(covered).toEqual(expect.arrayContaining(['IP Address:192.0.2.1', 'DNS:*.example.com', 'DNS:localhost']));
  });

  test('plays the bundled scenario that it was given', async () => {
    await using serving = await openServe(['drain', '--seed', '7']);

    const scenario = await fetch(`${serving.ready.adminUrl}/`);

    expect(await scenario.json()).toMatchObject({ scenario: 'drain', seed: 7 });
  });

  test('warns of what has no effect under the profile that it was given', async () => {
    await using folder = await openFolder();
    const over1 = '{ on: request, match: { protocol: http/1.1 }, inject: [ delay: { ms: 0 } ] }';
    const scenario = await folder.write('over-1.yaml', `profile: dual-stack\nfaults: [${over1}]\n`);
    await using asked = await openServe([scenario]);
    await using serving = await openServe([scenario, '--profile', 'seedance']);

    expect(await asked.hearOf('scenario.loaded')).not.toHaveProperty('warnings');
    const { level, msg, warnings } = await serving.hearOf('scenario.loaded');

    const warning = expect.stringContaining('No connection speaks http/1.1 here, so these never strike: "delay #1".');
    expect([level, msg, warnings]).toEqual([WARN, warning, [warning]]);
  });

  test('logs a JSON object a line, in the order of the journal', async () => {
    await using serving = await openServe();
    await using client = await openClient(serving);
    await client.post(TASKS, textOnly);
    await client.close();
    await serving.hearOf('connection.ended');
    serving.signal('SIGINT');

    const log = readLog(await serving.ended);

    expect(log.map(({ type }) => type)).toEqual([
      'scenario.loaded',
      'connection.secured',
      'task.created',
      'response.sent',
      'goaway.received',
      'connection.ended',
    ]);
    const order = log.map(({ seq }) => seq);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(new Set(order).size).toBe(log.length);
    expect(log.slice(0, 2)).toMatchObject([
      { seq: 1, msg: expect.stringMatching(/^scenario "inline" in force, 0 faults, seed \d+$/) },
      { at: expect.any(Number), msg: expect.stringContaining("ALPN negotiated 'h2'") },
    ]);
  });

  test('keeps TLS secrets for Wireshark', async () => {
    await using folder = await openFolder();
    await using serving = await openServe(['--keylog', folder.at('keylog')]);
    await using client = await openClient(serving);
    await client.get(TASKS);
    serving.signal('SIGINT');
    await serving.ended;

    const lines = (await readFile(folder.at('keylog'), 'utf8')).trimEnd().split('\n');

    for (const line of lines) expect(line).toMatch(/^[A-Z_0-9]+ [0-9a-f]{64} [0-9a-f]+$/);
    const labels = lines.map((line) => line.split(' ')[0]);
    expect(labels).toEqual(expect.arrayContaining(['CLIENT_TRAFFIC_SECRET_0', 'SERVER_TRAFFIC_SECRET_0']));
  });

  test('asks for the admin token on the admin port', async () => {
    await using serving = await openServe(['--admin-token', 'open sesame']);
    const ask = (path: string, headers: Record<string, string> = {}) =>
      fetch(`${serving.ready.adminUrl}${path}`, { headers });

    expect((await ask('/tasks')).status).toBe(401);
    expect((await ask('/tasks', { authorization: 'Bearer open sesame' })).status).toBe(200);
    expect((await ask('/health/ready')).status).toBe(200);
  });

  test('puts the public URL into result URLs', async () => {
    await using folder = await openFolder();
    const scenario = await folder.write('quick.yaml', 'tasks: { queued: 1ms, running: 1ms }\n');
    await using serving = await openServe([scenario, '--public-url', 'https://videos.example.com/']);
    await using client = await openClient(serving);

    const { id } = JSON.parse((await client.post(TASKS, textOnly)).text);
    while ((await serving.hearOf('task.changed')).to !== 'succeeded');

    const { content } = JSON.parse((await client.get(`${TASKS}/${id}`)).text);
    expect(content.video_url).toMatch(/^https:\/\/videos\.example\.com\/[^/]+\/\S+\.mp4\?/);
  });

  test('lets time run as fast as it is told', async () => {
    await using serving = await openServe(['--speed', '20']);

    const clock = await fetch(`${serving.ready.adminUrl}/clock`);

    expect(await clock.json()).toMatchObject({ mode: 'real', speed: 20 });
  });
});

describe('validate', () => {
  test('passes what is good', async () => {
    expect(await runMock('validate', 'scenarios/drain.yaml', 'healthy')).toEqual({
      exitCode: 0,
      stdout: 'ok scenarios/drain.yaml: drain, 1 fault\nok healthy: healthy, 0 faults\n',
      stderr: '',
    });
  });

  test('tells of each bad file, and of the good ones among them', async () => {
    await using folder = await openFolder();
    const bad = await folder.write('bad.yaml', 'seed: -1\n');
    const worse = await folder.write('worse.yaml', 'faults: [\n');

    const { exitCode, stdout, stderr } = await runMock('validate', bad, 'drain', worse, folder.at('none.yaml'));

    expect([exitCode, stdout]).toEqual([2, 'ok drain: drain, 1 fault\n']);
    expect(stderr).toContain(`${bad}:1:7  INVALID_VALUE`);
    expect(stderr).toContain(`${worse}:2:1  YAML_SYNTAX`);
    expect(stderr).toContain(`There is no scenario file or bundled scenario "${folder.at('none.yaml')}".`);
  });

  test('wants a file', async () => {
    expect(await runMock('validate')).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringContaining("missing required argument 'file'"),
    });
  });
});

describe('list', () => {
  test.each([
    [['faults'], /^goaway +session, request, response +\S/m],
    [['checks'], /^no-duplicate-creates +Creates one task/m],
    [['scenarios'], /^poll-reset +\S/m],
    [[], /^faults\n {2}.*^checks\n {2}.*^scenarios\n {2}/ms],
  ])('%j', async (what, shown) => {
    expect(await runMock('list', ...what)).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(shown),
      stderr: '',
    });
  });

  test('of something else', async () => {
    expect(await runMock('list', 'nonsense')).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: 'INVALID_OPTION\nlist does not take "nonsense".\nWrite one of: faults, checks, scenarios.\n',
    });
  });
});

test('schema prints what lies beside the bundled scenarios', async () => {
  const { exitCode, stdout, stderr } = await runMock('schema');

  expect([exitCode, stderr]).toEqual([0, '']);
  expect(JSON.parse(stdout)).toEqual(JSON.parse(await readFile('scenarios/scenario.schema.json', 'utf8')));
});

test.each(['serve', 'validate', 'list', 'schema'])('%s --help shows how it is called', async (command) => {
  expect(await runMock(command, '--help')).toEqual({
    exitCode: 0,
    stdout: expect.stringMatching(
      new RegExp(`^Usage: seedance-mock ${command} .*\\nExamples?:\\n {2}seedance-mock ${command}`, 's'),
    ),
    stderr: '',
  });
});

test('--version is the one of the package', async () => {
  expect(await runMock('--version')).toEqual({ exitCode: 0, stdout: `${packageJson.version}\n`, stderr: '' });
});

test.each([
  [[], 'Usage: seedance-mock [options] [command]'],
  [['srve'], "unknown command 'srve'\n(Did you mean serve?)"],
])('%j is no call: exit code 2', async (args, told) => {
  expect(await runMock(...args)).toEqual({ exitCode: 2, stdout: '', stderr: expect.stringContaining(told) });
});

describe('explain', () => {
  test('says what will strike, and when', async () => {
    const { exitCode, stdout, stderr } = await runMock('explain', 'poll-reset', '--requests', '3', '--seed', '7');

    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^scenario "poll-reset", profile seedance, seed 7\n/);
    expect(stdout).toContain('strikes #3 of the first 3, and next #6\n');
  });

  test.each([
    [['explain'], "missing required argument 'scenario'"],
    [['explain', 'poll-rest'], 'Did you mean "poll-reset"?'],
    [['explain', 'poll-reset', '--requests', '0'], 'Expected a whole number from 1 to 10000.'],
  ])('refuses %j', async (args, complaint) => {
    expect(await runMock(...args)).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringContaining(complaint),
    });
  });
});

test.each([[], ['serve'], ['validate'], ['explain'], ['list'], ['schema']])(
  '%s --help has examples',
  async (...command) => {
    const { exitCode, stdout } = await runMock(...command, '--help');

    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/Examples?:\n {2}seedance-mock /);
  },
);
