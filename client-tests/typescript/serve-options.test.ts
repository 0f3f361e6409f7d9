import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import tls from 'node:tls';
import { describe, expect, test } from 'vitest';
import { findFreePorts } from '../../server/fixtures/free-ports.ts';
import { openClient } from './support/client.ts';
import { openFolder, openServe, readLog, startMock } from './support/command-line.ts';
import { resolverOf } from './support/dns.ts';
import { TASKS, textOnly } from './support/tasks.ts';

/** What pino calls a warning. */
const WARN = 40;

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

  test('keeps as many events as it was given, in each lane', async () => {
    await using serving = await openServe(['--journal-events', '3']);
    const { adminUrl } = serving.ready;
    await fetch(`${adminUrl}/lanes`, { method: 'POST', body: JSON.stringify({ id: 'a' }) });
    for (const path of ['', '/lanes/a']) {
      const armed = (name: string) => ({ name, on: 'request', inject: [{ delay: { ms: 0 } }] });
      for (const name of ['x', 'y', 'z', 'q'])
        await fetch(`${adminUrl}${path}/faults`, { method: 'POST', body: JSON.stringify(armed(name)) });

      const kept = await (await fetch(`${adminUrl}${path}/events`)).json();

      expect(kept).toMatchObject({ events: [{ fault: 'y' }, { fault: 'z' }, { fault: 'q' }] });
    }
  });

  test('shows a certificate that holds for the addresses and names it was given', async () => {
    await using serving = await openServe(['--cert-name', '192.0.2.1', '--cert-name', '*.example.com']);
    const socket = tls.connect({ port: Number(new URL(serving.url).port), ca: serving.ca, ALPNProtocols: ['h2'] });
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
      'connection.identified',
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

  test('sends no logs where OTEL_EXPORTER_OTLP_ENDPOINT is empty', async () => {
    const env = { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: '' };

    await using serving = await openServe([], (args) => startMock(args, env));

    expect((await fetch(`${serving.ready.adminUrl}/health/ready`)).status).toBe(200);
  });

  test('lets time run as fast as it is told', async () => {
    await using serving = await openServe(['--speed', '20']);

    const clock = await fetch(`${serving.ready.adminUrl}/clock`);

    expect(await clock.json()).toMatchObject({ mode: 'real', speed: 20 });
  });
});
