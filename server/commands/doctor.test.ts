import { createServer as createHttpServer, request } from 'node:http';
import { createServer } from 'node:net';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { callAdmin } from '../../client-tests/typescript/support/admin.ts';
import { openPrograms, openServe, startMock } from '../../client-tests/typescript/support/command-line.ts';
import { listen, openForwarder } from '../../client-tests/typescript/support/forwarder.ts';
import type { DoctorReport } from '../doctor/examine.ts';
import { type MockServer, startMockServer } from '../mock-server.ts';
import { type DoctorOptions, runDoctor } from './doctor.ts';
import { captureOutput } from './testing.ts';

beforeEach(() => {
  // Programs take seconds to start: only where a test is about one of them is it on the PATH.
  vi.stubEnv('PATH', '/nowhere');
  vi.stubEnv('DOCKER_HOST', 'unix:///nowhere/docker.sock');
  return () => vi.unstubAllEnvs();
});

const targetAt = (address: string) => {
  const { hostname: host, port } = new URL(`tcp://${address}`);
  return { host, port: Number(port) };
};

const targetOf = ({ url, adminUrl }: MockServer) => ({ target: targetAt(new URL(url).host), admin: adminUrl });

/** Examines this machine or a target, and finds the examinations by name. */
async function examine(options: Partial<DoctorOptions>) {
  const output = captureOutput();
  const exitCode = await runDoctor({ connections: 1, json: true, ...options }, output);
  const report = JSON.parse(output.out) as DoctorReport;
  const of = (name: string) => report.examinations.find((one) => one.name === name) ?? expect.fail(`no "${name}"`);
  const outcomes = Object.fromEntries(report.examinations.map(({ name, outcome }) => [name, outcome]));
  return { exitCode, report, of, outcomes };
}

describe('this machine', () => {
  test('has no programs: that is fine', async () => {
    const { exitCode, of } = await examine({});
    expect(['curl', 'node', 'python', 'java'].map((name) => of(`trust-${name}`))).toEqual(
      ['curl', 'node', 'python3', 'java'].map((name) =>
        expect.objectContaining({ outcome: 'ok', seen: `no ${name} here` }),
      ),
    );
    expect(exitCode).toBe(0);
  });

  test('has a Node whose check of certificates is off', async () => {
    await using programs = await openPrograms({ node: `NODE_TLS_REJECT_UNAUTHORIZED=0 exec ${process.execPath} "$@"` });
    vi.stubEnv('PATH', programs.path);
    const { exitCode, of } = await examine({});
    expect(of('trust-node')).toMatchObject({
      outcome: 'warn',
      seen: expect.stringContaining('trusts anybody'),
      remedy: 'Look for NODE_TLS_REJECT_UNAUTHORIZED=0.',
    });
    expect(exitCode).toBe(0);
  });

  test('has a Node that forgets whom it is told to trust', async () => {
    await using programs = await openPrograms({ node: `unset NODE_EXTRA_CA_CERTS; exec ${process.execPath} "$@"` });
    vi.stubEnv('PATH', programs.path);
    const { exitCode, of } = await examine({});
    expect(of('trust-node')).toMatchObject({
      outcome: 'fail',
      seen: expect.stringMatching(/although NODE_EXTRA_CA_CERTS names it: (SELF_SIGNED|UNABLE_TO)/),
      remedy: expect.stringContaining('wrapper'),
    });
    expect(exitCode).toBe(1);
  });
});

describe('a target', () => {
  test('is reached, and everything arrives as it was sent', async () => {
    await using server = await startMockServer();
    const { exitCode, report, outcomes, of } = await examine(targetOf(server));

    expect(exitCode).toBe(0);
    expect(report.target).toBe(new URL(server.url).host);
    expect(outcomes).toMatchObject({ tcp: 'ok', tls: 'ok', alpn: 'ok', reset: 'ok', admin: 'ok', clock: 'ok' });
    expect(of('reset').seen).toBe('a reset arrives as a reset, and a FIN as a FIN');
    expect(of('names').seen).toMatch(/^localhost is .*127\.0\.0\.1/);
    expect(Object.keys(outcomes)).not.toContain('ports');
  });

  test('is asked in a lane of its own: to itself it was one client that connects well, and leaves', async () => {
    await using server = await startMockServer();
    await using programs = await openPrograms({ node: `exec ${process.execPath} "$@"` });
    vi.stubEnv('PATH', programs.path);

    await examine(targetOf(server));

    // One to the service, and one to the storage.
    const hellos = server.journal.events('connection.hello');
    expect(hellos).toMatchObject([{ alpn: ['h2'] }, { alpn: ['h2'] }]);
    const opened = server.journal.events('connection.opened');
    expect(opened.filter(({ storage }) => storage)).toHaveLength(1);
    for (const hello of hellos)
      await server.journal.waitFor('connection.ended', ({ connection }) => connection === hello.connection);
    expect(server.journal.events('rule.applied')).toEqual([]);
    expect(server.journal.events('fault.injected')).toEqual([]);
    const gone = { by: 'client', how: 'fin' };
    expect(server.journal.events('connection.ended')).toMatchObject([gone, gone]);
    expect(await callAdmin(server, 'GET /lanes')).toMatchObject({ body: { lanes: [] } });
  });

  test('is trusted by a client that was told of its CA, and not by others', async () => {
    await using server = await startMockServer();
    await using programs = await openPrograms({ node: `exec ${process.execPath} "$@"` });
    vi.stubEnv('PATH', programs.path);

    const untold = await examine(targetOf(server));
    vi.stubEnv('NODE_EXTRA_CA_CERTS', server.caFile);
    const told = await examine(targetOf(server));

    expect(untold.of('trust-node')).toMatchObject({
      outcome: 'warn',
      remedy: `curl -so ca.pem ${server.adminUrl}/ca.pem && export NODE_EXTRA_CA_CERTS=$PWD/ca.pem`,
    });
    expect(told.of('trust-node')).toMatchObject({ outcome: 'ok', seen: expect.stringContaining('as things are') });
  });

  test('behind a proxy that turns resets into FINs fails, with the ways past it', async () => {
    await using server = await startMockServer();
    await using forwarder = await openForwarder(server);
    const { exitCode, of, outcomes } = await examine({ target: targetAt(forwarder.address), admin: server.adminUrl });

    expect(of('reset')).toMatchObject({
      outcome: 'fail',
      seen: expect.stringContaining('a reset arrives as a FIN'),
      remedy: expect.stringMatching(/--network host.*same network.*"userland-proxy": false/),
    });
    expect(outcomes).toMatchObject({ tcp: 'ok', tls: 'ok', alpn: 'ok' });
    expect(exitCode).toBe(1);
  });

  test('behind such a proxy, and without its admin API, is suspected of it', async () => {
    await using server = await startMockServer();
    await using forwarder = await openForwarder(server);
    const { of } = await examine({ target: targetAt(forwarder.address), admin: 'http://127.0.0.1:1' });
    expect(of('reset')).toMatchObject({
      outcome: 'warn',
      seen: expect.stringContaining('what the server sent is not known'),
    });
  });

  test.each(['permissive', 'dual-stack'] as const)('in profile %s resets when it is asked to', async (profile) => {
    await using server = await startMockServer({ profile });
    const { of } = await examine(targetOf(server));
    expect(of('reset').seen).toBe('a reset arrives as a reset, and a FIN as a FIN');
  });

  test('that resets nothing of its own accord leaves it unknown', async () => {
    const scenario = { service: { alpn: { mismatch: 'alert' } } } as const;
    await using server = await startMockServer({ scenario, adminToken: 'secret' });

    const without = await examine(targetOf(server));
    const withToken = await examine({ ...targetOf(server), adminToken: 'secret' });

    expect(without.of('reset')).toMatchObject({
      outcome: 'warn',
      seen: expect.stringMatching(/^cannot be told: the server answers with a TLS alert/),
      remedy: expect.stringContaining('--admin-token'),
    });
    expect(without.of('admin')).toMatchObject({ outcome: 'warn', seen: expect.stringContaining('asks for a token') });
    expect(withToken.outcomes).toMatchObject({ reset: 'ok', admin: 'ok' });
  });

  test.each([
    [{}, 'localhost'],
    [{ adminToken: 'open sesame' }, '--cert-name'],
  ])('whose admin API does not want to be called so tells how: %j', async (options, wayOut) => {
    await using server = await startMockServer(options);
    // As a name that somebody has let point here.
    await using admin = await listen(
      createHttpServer(({ url = '' }, response) => {
        const asked = request(`${server.adminUrl}${url}`, { headers: { host: 'mock.test' } }, (answer) => {
          response.writeHead(answer.statusCode ?? 0, { ...answer.headers, connection: 'close' });
          answer.pipe(response);
        });
        asked.end();
      }),
    );
    const { of } = await examine({ ...targetOf(server), admin: `http://${admin.address}` });
    expect(of('admin')).toMatchObject({
      outcome: 'fail',
      seen: expect.stringMatching(new RegExp(`will not talk to us: The admin API .* "mock.test"\\. .*${wayOut}`)),
    });
  });

  test('is reported in a shape to rely on', async () => {
    await using server = await startMockServer();
    await using forwarder = await openForwarder(server);
    const { report } = await examine({ target: targetAt(forwarder.address), admin: server.adminUrl });

    expect(report).toEqual({
      version: 1,
      outcome: 'fail',
      target: forwarder.address,
      examinations: report.examinations.map(({ outcome }) => ({
        name: expect.stringMatching(/^[a-z]+(-[a-z]+)*$/),
        outcome: expect.stringMatching(/^(ok|warn|fail)$/),
        seen: expect.stringMatching(/[^.]$/),
        ...(outcome === 'fail' && { remedy: expect.stringMatching(/\.$/) }),
        ...(outcome === 'warn' && { remedy: expect.any(String) }),
      })),
    });
  });

  test('where nobody listens fails, and what hangs on it cannot be told', async () => {
    await using gone = await listen(createServer());
    const { address } = gone;
    await gone[Symbol.asyncDispose]();
    const { exitCode, of, outcomes } = await examine({ target: targetAt(address), admin: `http://${address}` });

    expect(exitCode).toBe(1);
    expect(of('tcp')).toMatchObject({
      outcome: 'fail',
      seen: expect.stringMatching(/takes none: .*ECONNREFUSED/),
      remedy: expect.stringContaining('port is published'),
    });
    expect(outcomes).toMatchObject({ tls: 'warn', alpn: 'warn', reset: 'warn', clock: 'warn', admin: 'fail' });
  });

  test('whose certificate is from another CA than its admin API tells fails', async () => {
    await using server = await startMockServer();
    // In a process of its own: all servers of one share their CA.
    // A server of this process would share its CA.
    await using other = await openServe([], startMock);
    const { exitCode, of } = await examine({ ...targetOf(server), admin: other.ready.adminUrl });

    expect(of('tls')).toMatchObject({
      outcome: 'fail',
      seen: expect.stringContaining('not signed by the CA'),
      remedy: expect.stringContaining('another server'),
    });
    // What that admin API did not see it does not vouch for.
    expect(of('reset').seen).toBe('a reset arrives as a reset');
    expect(exitCode).toBe(1);
  });

  test.each([
    ['31 s behind', -33_000, 'fail', 'behind this machine'],
    ['ahead by 10 s', 10_000, 'warn', 'ahead of this machine'],
  ])('whose clock is %s', async (_name, offMs, outcome, words) => {
    await using server = await startMockServer();
    const startedAt = server.clock.wallNow();
    await using admin = await listen(
      createHttpServer((_request, response) => {
        response.writeHead(404, { date: new Date(startedAt + offMs).toUTCString(), connection: 'close' }).end();
      }),
    );
    const { of } = await examine({ ...targetOf(server), admin: `http://${admin.address}` });

    expect(of('clock')).toMatchObject({
      outcome,
      seen: expect.stringContaining(words),
      remedy: expect.stringContaining('NTP'),
    });
    expect(of('admin')).toMatchObject({ outcome: 'fail', seen: expect.stringContaining('is no seedance-mock') });
  });
});
