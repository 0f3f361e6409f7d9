import { constants } from 'node:os';
import tls from 'node:tls';
import { describe, expect, test } from 'vitest';
import { type MockServer, startMockServer } from '../../server/index.ts';
import { script } from '../python/python.ts';
import { idleOut } from './idle-out.ts';
import { askClient, canRun, runClient, startClient } from './run-client.ts';

/** What became of a connection: the protocol that ALPN settled on, or a reset. */
type Fate = 'h2' | 'http/1.1' | 'reset';
type Probe = (server: MockServer, offered: readonly string[]) => Promise<Fate | undefined>;

const withNode: Probe = (server, offered) =>
  new Promise((resolve) => {
    const options = { host: 'localhost', port: Number(new URL(server.url).port), ca: server.ca };
    const socket = tls.connect({ ...options, ...(offered.length > 0 && { ALPNProtocols: [...offered] }) });
    socket.on('secureConnect', () => {
      // Without ALPN the handshake succeeds, and the reset comes after it.
      if (!socket.alpnProtocol) return;
      resolve(socket.alpnProtocol as Fate);
      socket.end();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNRESET' ? 'reset' : undefined));
    socket.on('close', () => resolve(undefined));
  });

const withPython: Probe = async (server, offered) => {
  const seen = (await askClient(server, 'python3', script('alpn.py'), ...offered)) as { alpn: Fate; then: string };
  return seen.then === 'ConnectionResetError' ? 'reset' : seen.alpn;
};

const openssl = (server: MockServer, offered: readonly string[]) => {
  const alpn = offered.length > 0 ? ['-alpn', offered.join()] : [];
  return ['openssl', 's_client', '-connect', new URL(server.url).host, '-CAfile', server.caFile, ...alpn];
};
/** How s_client names a reset: by number. */
const ERRNO_RESET = `errno=${constants.errno.ECONNRESET}`;

const withOpenssl: Probe = async (server, offered) => {
  await using client = startClient(server, openssl(server, offered));
  // Whoever is let in has to say that it wants to leave.
  void server.journal.waitFor('connection.secured').then(() => client.say('Q'));
  const { stdout, stderr } = await client.ended;
  if (stderr.includes(ERRNO_RESET)) return 'reset';
  return /ALPN protocol: (h2|http\/1\.1)/.exec(stdout)?.[1] as Fate | undefined;
};

const clients = [
  { name: 'node:tls', probe: withNode, isHere: true },
  { name: 'ssl of Python', probe: withPython, isHere: canRun('python3', '--version') },
  { name: 'openssl s_client', probe: withOpenssl, isHere: canRun('openssl', 'version') },
];
const missing = clients.filter(({ isHere }) => !isHere).map(({ name }) => name);
if (missing.length > 0) console.log(`ALPN tests are left out for want of: ${missing.join(', ')}`);

/** Row B13. */
const table = [
  { offered: ['h2', 'http/1.1'], fate: 'h2', line: undefined },
  { offered: ['h2c', 'http/1.1'], fate: 'reset', line: 'client offered ["h2c","http/1.1"]; h2 required -> reset' },
  { offered: [], fate: 'reset', line: 'ALPN absent -> reset' },
];

describe.each(clients.filter(({ isHere }) => isHere))('row B13: by ALPN $name', ({ probe }) => {
  test.each(table)('that offers $offered meets $fate', async ({ offered, fate, line }) => {
    await using server = await startMockServer();

    expect(await probe(server, offered)).toBe(fate);

    const lines = server.journal.events('rule.applied').map((event) => event.line);
    expect(lines).toEqual(line === undefined ? [] : [`http2: server: ${line}`]);
    const ended = await server.journal.waitFor('connection.ended');
    expect(ended).toMatchObject(fate === 'reset' ? { by: 'rule', how: 'reset', cause: 'alpn' } : { by: 'client' });
  });
});

describe.runIf(canRun('openssl', 'version'))('openssl s_client', () => {
  test('without -alpn finishes the handshake first, and is reset then', async () => {
    await using server = await startMockServer();

    const { stdout, stderr } = await runClient(server, ...openssl(server, []));

    expect(stdout).toContain('Verification: OK');
    expect(stdout).toMatch(/New, TLSv1\.3, Cipher is /);
    expect(stderr).toContain(`read:${ERRNO_RESET}`);
  });

  test('-alpn h2 is let in, and reset after 8 s without a word', async () => {
    await using server = await startMockServer({ clock: 'manual' });
    await using client = startClient(server, openssl(server, ['h2']));
    await server.journal.waitFor('connection.secured');

    await idleOut(server);

    const { stdout, stderr } = await client.ended;
    expect(stdout).toContain('ALPN protocol: h2');
    expect(stderr).toContain(`read:${ERRNO_RESET}`);
    expect(server.journal.events('rule.applied')).toMatchObject([{ line: 'http2: server: idle 8s -> reset' }]);
  });
});
