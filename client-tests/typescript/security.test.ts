import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import { startMockServer } from '../../server/index.ts';
import { callAdmin } from './support/admin.ts';
import { openClient } from './support/client.ts';
import { callMock, openFolder, openServe, readLog } from './support/command-line.ts';
import { createTask, TASKS } from './support/tasks.ts';

/** A GET with these headers, also such as `fetch` sets by itself. */
const askAs = (url: string, headers: Record<string, string>) =>
  new Promise<number | undefined>((resolve, reject) =>
    request(url, { headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    })
      .on('error', reject)
      .end(),
  );

describe('the admin API', () => {
  test('is on loopback unless it is told otherwise', async () => {
    await using serving = await openServe();
    expect(serving.ready.adminUrl).toMatch(/^http:\/\/localhost:\d+$/);
    await using server = await startMockServer();
    const { connections } = (await callAdmin(server, 'GET /connections')).body as { connections: readonly object[] };
    expect(connections).toEqual([]);
  });

  test.each(['', ' ', '\t\n'])('refuses the empty token %j', async (adminToken) => {
    await expect(startMockServer({ adminToken })).rejects.toMatchObject({ problems: [{ code: 'INVALID_OPTION' }] });
    const { exitCode, stderr } = await callMock('serve', '--port', '0', `--admin-token=${adminToken}`);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('--admin-token does not take')]);
  });

  test.each(['0.0.0.0', '::', '192.0.2.1', 'example.com'])('does not start on %s without a token', async (host) => {
    const { exitCode, stderr } = await callMock('serve', '--port', '0', '--admin-port', '0', '--admin-host', host);
    expect(stderr).toMatch(/^ADMIN_EXPOSED\n[\s\S]*--admin-token/);
    expect(exitCode).toBe(2);
    await expect(startMockServer({ adminHost: host })).rejects.toMatchObject({ problems: [{ code: 'ADMIN_EXPOSED' }] });
  });

  test('asks for the token where it has one, but for health and the CA', async () => {
    await using server = await startMockServer({ adminHost: '0.0.0.0', adminToken: 'open sesame' });
    const { port } = new URL(server.adminUrl);
    const ask = (path: string, headers = {}) => askAs(`http://127.0.0.1:${port}${path}`, headers);
    expect([await ask('/health/ready'), await ask('/ca.pem')]).toEqual([200, 200]);
    for (const path of ['/events', '/scenario', '/lanes', '/report', '/metrics', '/lanes/x/events', '/docs/'])
      expect([path, await ask(path)]).toEqual([path, 401]);
    expect(await ask('/events', { authorization: 'Bearer open' })).toBe(401);
    expect(await ask('/events', { authorization: 'Bearer open sesame' })).toBe(200);
    // As a browser sends it once its user has been asked.
    const basic = (password: string) => ({
      authorization: `Basic ${Buffer.from(`me:${password}`).toString('base64')}`,
    });
    expect([await ask('/docs/', basic('open sesame')), await ask('/docs/', basic('open'))]).toEqual([200, 401]);
    expect(await ask('/events', { ...basic('open sesame'), origin: 'https://example.com' })).toBe(403);
  });

  test.each([
    ['localhost', 200],
    ['127.0.0.1', 200],
    ['[::1]', 200],
    ['mock.localhost', 200],
    ['rebound.example', 403],
    ['127.0.0.1.example', 403],
    ['localhost.example', 403],
    ['evil.example@localhost', 403],
    ['localhost/evil.example', 403],
  ])('called as %j it answers %i: a name that was let point here is no way in', async (host, status) => {
    await using server = await startMockServer();
    const { port } = new URL(server.adminUrl);
    expect(await askAs(`http://127.0.0.1:${port}/events`, { host: `${host}:${port}` })).toBe(status);
  });

  test.each([
    ['localhost', 200],
    ['lane-1.localhost', 200],
    ['192.0.2.7', 200],
    ['[2001:db8::7]', 200],
    ['mock', 200],
    ['host.docker.internal', 200],
    ['Mock.Example.com', 200],
    ['admin.example.org', 200],
    ['chaos.example.net', 200],
    ['rebound.example', 403],
    ['mock.example.com.rebound.example', 403],
    ['example.org', 403],
  ])('with a token and called as %j it answers %i', async (host, status) => {
    const certName = ['mock.example.com', '*.example.org', 'chaos.example.net'];
    await using server = await startMockServer({ adminHost: '0.0.0.0', adminToken: 'open sesame', certName });
    const { port } = new URL(server.adminUrl);
    const ask = (path: string, headers = {}) =>
      askAs(`http://127.0.0.1:${port}${path}`, { host: `${host}:${port}`, ...headers });

    expect(await ask('/events', { authorization: 'Bearer open sesame' })).toBe(status);
    expect(await ask('/lanes')).toBe(status === 200 ? 401 : 403);
    expect(await ask('/no/such/path')).toBe(status === 200 ? 401 : 403);
    expect([await ask('/health/live'), await ask('/health/ready'), await ask('/ca.pem')]).toEqual([200, 200, 200]);
  });

  test('without a token no path is open under a name that was made to point here', async () => {
    await using server = await startMockServer();
    const { port } = new URL(server.adminUrl);
    for (const path of ['/health/live', '/ca.pem', '/', '/docs/'])
      expect([path, await askAs(`http://127.0.0.1:${port}${path}`, { host: 'rebound.example' })]).toEqual([path, 403]);
  });

  test.each(['/docs', '/docs/', '/docs/static/swagger-ui.css', '/report?format=html', '/no/such/path'])(
    'no page may show %s in a frame',
    async (path) => {
      await using server = await startMockServer();
      const { headers } = await fetch(server.adminUrl + path);
      expect(headers.get('content-security-policy')).toBe("frame-ancestors 'none'");
    },
  );

  test('a page of another origin cannot call it, and its own page can', async () => {
    await using server = await startMockServer();
    const { port } = new URL(server.adminUrl);
    const ask = (origin: string) => askAs(`http://127.0.0.1:${port}/events`, { host: `localhost:${port}`, origin });
    expect(await ask('https://example.com')).toBe(403);
    expect(await ask('null')).toBe(403);
    expect(await ask(`http://localhost:${port}`)).toBe(200);
  });

  test.each(['/etc/passwd', '../package.json', '%2e%2e%2fpackage.json', '..%2F..%2Fetc%2Fpasswd'])(
    'no file can be read by way of the scenario name %s',
    async (name) => {
      await using server = await startMockServer();
      for (const call of [`POST /scenarios/${encodeURIComponent(name)}/activate`, `POST /scenarios/${name}/activate`])
        expect((await callAdmin(server, call)).status).toBe(404);
      for (const body of [JSON.stringify({ scenario: name }), JSON.stringify({ scenario: decodeURIComponent(name) })])
        expect((await callAdmin(server, 'POST /lanes', body)).status).toBe(404);
      // A path is no scenario: it is read as YAML, and is none.
      expect((await callAdmin(server, 'PUT /scenario', name)).status).toBe(422);
      expect(server.lane.scenario.name).toBe('inline');
    },
  );
});

describe('a scenario', () => {
  test.each([
    'name: !!js/function "function () { process.exit(1) }"',
    'name: !!js/eval "process.exit(1)"',
    'name: !<tag:yaml.org,2002:python/object/apply:os.system> [ "exit 1" ]',
    '__proto__: { polluted: true }\nname: x',
    'constructor: { prototype: { polluted: true } }',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is what must not be filled in.
    'faults: [{ name: x, on: request, inject: [{ status: { code: 500, headers: { a: "${process.env.PATH}\\n" } } }] }]',
  ])('cannot run code, nor reach beyond itself: %s', async (yaml) => {
    await using server = await startMockServer();
    expect((await callAdmin(server, 'PUT /scenario', yaml)).status).toBe(422);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  test('aliases of aliases are refused before they grow', async () => {
    const levels = Array.from({ length: 30 }, (_, level) => `l${level}: &l${level} [${`*l${level - 1}, `.repeat(9)}]`);
    const bomb = ['l0: &l0 [ha, ha]', ...levels.slice(1)].join('\n');
    await using server = await startMockServer();
    const { status, body } = await callAdmin(server, 'PUT /scenario', bomb);
    expect(status).toBe(422);
    expect(JSON.stringify(body).length).toBeLessThan(20_000);
  });
});

test('an API key stands nowhere: not in the journal, the log, a report, the metrics, the key log or the answers', async () => {
  const secret = 'ark-9f2c-never-to-be-seen';
  await using folder = await openFolder();
  await using serving = await openServe(['poll-reset', '--keylog', folder.at('keys'), '--speed', '20']);
  const { adminUrl } = serving.ready;
  await using client = await openClient(serving);
  const headers = { authorization: `Bearer ${secret}`, cookie: `session=${secret}`, 'x-api-key': secret };
  const task = await createTask(client, {}, headers);
  for (let poll = 0; poll < 3; poll++) await client.get(`${TASKS}/${task}`, headers);
  const paths = ['/events', '/connections', '/clients', '/tasks', '/scenario', '/metrics', '/openapi.json'];
  const reports = ['json', 'text', 'junit', 'html'].map((format) => `/report?format=${format}`);
  const told = await Promise.all([...paths, ...reports].map(async (path) => (await fetch(adminUrl + path)).text()));
  expect(told[0]).toContain('request.received');
  serving.signal('SIGTERM');
  const ran = await serving.ended;
  expect(readLog(ran).map(({ type }) => type)).toContain('response.sent');
  const keys = await readFile(folder.at('keys'), 'utf8');
  expect(keys).toContain('CLIENT_TRAFFIC_SECRET_0');
  for (const text of [...told, ran.stdout, ran.stderr, keys]) expect(text).not.toContain(secret);
});
