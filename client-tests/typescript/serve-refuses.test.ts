import { describe, expect, test } from 'vitest';
import { startMockServer } from '../../server/index.ts';
import { openClient } from './support/client.ts';
import { callMock, openFolder, startMock } from './support/command-line.ts';
import { TASKS } from './support/tasks.ts';

const portOf = (url: string) => new URL(url).port;

/** Serves on free ports with options that it refuses, and returns how that ended. */
const refuse = (...args: readonly string[]) => callMock('serve', '--port', '0', '--admin-port', '0', ...args);

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

  test.each(['--port', '--admin-port', '--storage-port'])('a %s that is taken', async (option) => {
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
    ['--storage-port', '84.44', 'Expected a whole number from 0 to 65535.'],
    ['--dns-port', '53053x', 'Expected a whole number from 0 to 65535.'],
    ['--journal-events', '0', 'Expected a whole number from 1 to 2000000.'],
    ['--journal-events', '2000001', 'Expected a whole number from 1 to 2000000.'],
    ['--journal-events', '20k', 'Expected a whole number from 1 to 2000000.'],
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

  test.each(['', ' '])('every option whose value is %j', async (blank) => {
    const { stdout: help } = await callMock('serve', '--help');
    const options = [...help.matchAll(/^ {2}(--[a-z-]+) </gm)].map(([, option]) => option);
    expect(options).toEqual(expect.arrayContaining(['--host', '--admin-host', '--admin-token', '--ready-file']));

    for (const option of options) {
      const { exitCode, stdout, stderr } = await refuse(`${option}=${blank}`);

      expect([option, exitCode, stdout]).toEqual([option, 2, '']);
      expect(stderr).toContain(String(option));
    }
  });

  test('a blank scenario', async () => {
    expect(await refuse('')).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: 'INVALID_OPTION\n<scenario> does not take "".\nGive it a value, or leave it out.\n',
    });
  });

  test.each(['SEEDANCE_MOCK_ADMIN_TOKEN', 'SEEDANCE_MOCK_ADMIN_HOST'])('an empty %s', async (variable) => {
    await using mock = startMock(['serve', '--port', '0', '--admin-port', '0'], { ...process.env, [variable]: '' });

    expect(await mock.ended).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `INVALID_OPTION\n${variable} does not take "".\nGive it a value, or leave it out.\n`,
    });
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
