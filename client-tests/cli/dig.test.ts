import { describe, expect, test } from 'vitest';
import { type MockServer, startMockServer } from '../../server/index.ts';
import { canRun, runClient } from './run-client.ts';

const ARK = 'ark.cn-beijing.volces.com';

const hasDig = canRun('dig', '-v');
if (!hasDig) console.log('dig tests are left out: there is no dig');

/** Asks once, and waits for a second, which is as short as it goes. */
function dig(server: MockServer, ...args: readonly string[]) {
  const [address, port] = server.dns?.split(':') ?? [];
  return runClient(server, 'dig', `@${address}`, '-p', `${port}`, '+tries=1', '+time=1', ...args);
}

const start = (scenario?: string) =>
  startMockServer({ clock: 'manual', dnsPort: 0, ...(scenario !== undefined && { scenario }) });

describe.runIf(hasDig)('dig', () => {
  test('is led to the mock by the names of Ark, with EDNS as it asks', async () => {
    await using server = await start();

    const { stdout } = await dig(server, ARK);

    expect(stdout).toMatch(/status: NOERROR/);
    expect(stdout).toMatch(/EDNS: version: 0/);
    expect(stdout).toMatch(/ark\.cn-beijing\.volces\.com\. 0\s+IN\s+A\s+127\.0\.0\.1/);
    expect(stdout).not.toMatch(/WARNING/);
  });

  test.each([
    ['A name that is not ours', 'example.com', 'A', 'REFUSED'],
    ['another class', 'version.bind', 'CH', 'REFUSED'],
    ['a type that we have none of', ARK, 'HTTPS', 'NOERROR'],
  ])('%s', async (_what, name, type, status) => {
    await using server = await start();
    expect((await dig(server, name, type)).stdout).toContain(`status: ${status}`);
  });

  test.each([
    ['dns-servfail', 'SERVFAIL'],
    ['dns-nxdomain', 'NXDOMAIN'],
  ])('scenario %s', async (scenario, status) => {
    await using server = await start(scenario);
    expect((await dig(server, ARK)).stdout).toContain(`status: ${status}`);
  });

  test('scenario dns-truncate: it comes again over TCP', async () => {
    await using server = await start('dns-truncate');

    const { stdout } = await dig(server, ARK);

    expect(stdout).toContain(';; Truncated, retrying in TCP mode.');
    expect(stdout).toMatch(/ANSWER: 1,[\s\S]*\(TCP\)/);
  });

  test('scenario dns-wrong-address, and then the truth', async () => {
    await using server = await start('dns-wrong-address');
    const answers: string[] = [];
    for (let query = 1; query <= 3; query++) answers.push((await dig(server, '+short', ARK)).stdout.trim());
    expect(answers).toEqual(['192.0.2.1', '192.0.2.1', '127.0.0.1']);
  });

  test('scenario dns-flap', async () => {
    await using server = await start('dns-flap');
    const answers: string[] = [];
    for (let query = 1; query <= 5; query++) answers.push((await dig(server, '+short', ARK)).stdout.trim());
    expect(answers).toEqual(['127.0.0.1', '127.0.0.1', '192.0.2.1', '192.0.2.1', '127.0.0.1']);
  });

  test.each(['dns-slow', 'dns-silence'])(
    'row B9, scenario %s: it gives up, and nothing else has happened',
    async (scenario) => {
      await using server = await start(scenario);

      const { exitCode, stdout } = await dig(server, ARK);

      expect(exitCode).toBe(NO_REPLY);
      expect(stdout).toMatch(/timed out/);
      expect(server.journal.events('fault.injected')).toHaveLength(1);
      expect(server.journal.events('connection.opened')).toEqual([]);
    },
  );
});

/** Its exit code when no server answered. */
const NO_REPLY = 9;
