import { readFileSync } from 'node:fs';
import { connect } from 'node:http2';
import { describe, expect, test } from 'vitest';
import { startProgram } from '../cli/run-client.ts';
import { lighthouse, request, TASKS } from '../typescript/reference/http2-call.ts';
import { dockerIsReady, image } from './docker.ts';
import { docker, type RunningContainer, runImage } from './run-image.ts';

const LIMIT_MS = 60_000;
const MAX_BYTES_ABOVE_BASE = 90_000_000;

const PUBLISHED = ['--publish', '127.0.0.1::8443', '--publish', '127.0.0.1::8480'];
const TOKEN = 'only-for-this-test';
const SERVE = ['serve', '--host', '0.0.0.0', '--admin-host', '0.0.0.0', '--admin-token', TOKEN, '--log', 'json'];
const WITHOUT_RIGHTS = ['--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'];

/** Resolves once it serves, with what it says of that. */
async function readReady(mock: RunningContainer): Promise<{ readonly caFile: string }> {
  const line = await mock.hear();
  if (line === undefined) throw new Error(`it did not start:\n${(await mock.ended).stderr}`);
  return JSON.parse(line);
}

async function openSession(mock: RunningContainer) {
  const ca = await (await fetch(`http://${await mock.addressOf(8480)}/ca.pem`)).text();
  return connect(`https://${await mock.addressOf(8443)}`, { ca });
}

describe.runIf(dockerIsReady)('the image', { timeout: LIMIT_MS }, () => {
  test('weighs less than 90 MB above its base', async () => {
    const base = /^FROM (\S+)$/m.exec(readFileSync('Dockerfile', 'utf8'))?.[1] ?? expect.fail('it has no base');
    const layersOf = async (name: string): Promise<readonly string[]> =>
      JSON.parse(await docker('image', 'inspect', '--format', '{{json .RootFS.Layers}}', name));
    const sizeOf = async (name: string) => Number(await docker('image', 'inspect', '--format', '{{.Size}}', name));

    // Else the two sizes have nothing to do with each other.
    const baseLayers = await layersOf(base);
    expect((await layersOf(image)).slice(0, baseLayers.length)).toEqual(baseLayers);
    expect((await sizeOf(image)) - (await sizeOf(base))).toBeLessThan(MAX_BYTES_ABOVE_BASE);
  });

  test.each([
    { disk: 'no disk but /tmp', options: ['--read-only', '--tmpfs', '/tmp'], caFile: /^\/tmp\/[^/]+\/ca\.pem$/ },
    { disk: 'no disk at all', options: ['--read-only'], caFile: /^\/dev\/shm\/[^/]+\/ca\.pem$/ },
  ])('serves without any rights and with $disk', async ({ options, caFile }) => {
    await using mock = runImage([...PUBLISHED, ...WITHOUT_RIGHTS, ...options], SERVE);
    const ready = await readReady(mock);
    const session = await openSession(mock);

    const created = await request(session, 'POST', TASKS, { body: lighthouse });

    expect(created).toMatchObject({ status: 200 });
    session.destroy();
    expect(ready.caFile).toMatch(caFile);
    expect(await mock.run('cat', ready.caFile)).toMatch(/^-----BEGIN CERTIFICATE-----/);
    expect(await mock.run('id', '-u')).toBe('1000');
    const status = await mock.run('cat', '/proc/1/status');
    expect(status).toMatch(/^CapBnd:\s+0+$/m);
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
    await expect(mock.run('touch', '/app/file')).rejects.toThrow('Read-only file system');
  });

  test('says what it misses where no file can be written at all', async () => {
    await using mock = runImage(['--read-only', '--ipc', 'none'], SERVE);

    const { exitCode, stdout, stderr } = await mock.ended;

    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^NO_SCRATCH_FOLDER\n.*\/tmp \(EROFS: .*\), \/dev\/shm \(.*\n.*--tmpfs \/tmp/);
  });

  test.each([
    { as: 'process 1', options: [] },
    { as: 'the child of an init', options: ['--init'] },
  ])('ends within a second of SIGTERM, as $as, also in the middle of an answer', async ({ options }) => {
    await using mock = runImage([...PUBLISHED, ...options], [...SERVE, 'idle-reset']);
    await readReady(mock);
    const session = await openSession(mock);
    // The scenario lets each poll wait for 30 s.
    const poll = request(session, 'GET', `${TASKS}/cgt-20260101000000-aaaaa`);
    poll.catch(() => {});
    session.on('error', () => {});
    for (let line = ''; !line.includes('fault.injected'); ) line = (await mock.hear()) ?? expect.fail('it ended');

    // After that second Docker would kill it, and its exit code were 137.
    await docker('stop', '--time', '1', mock.name);

    expect((await mock.ended).exitCode).toBe(0);
    await expect(poll).rejects.toThrow();
  });

  test('turns healthy by itself', async () => {
    await using mock = runImage(['--init'], SERVE);
    await readReady(mock);
    const startedAt = await docker('inspect', '--format', '{{.State.StartedAt}}', mock.name);

    // Since the start: what has happened by now is told too.
    const filter = ['--filter', `container=${mock.name}`, '--filter', 'event=health_status'];
    await using events = startProgram(['docker', 'events', '--since', startedAt, ...filter]);

    expect(await events.hear()).toMatch(/health_status: healthy/);
  });

  test('has beside its bundle what that cannot carry', async () => {
    // no-tickets reaches into OpenSSL by a native module; the page of documents is a plug-in with files of its own.
    await using mock = runImage(PUBLISHED, [...SERVE, 'no-tickets']);
    await readReady(mock);

    const admin = `http://${await mock.addressOf(8480)}`;
    const textOf = async (path: string) =>
      (await fetch(admin + path, { headers: { authorization: `Bearer ${TOKEN}` } })).text();

    expect(await textOf('/docs')).toMatch(/swagger-ui/);
    expect(await textOf('/report?format=junit')).toMatch(/^<\?xml/);
  });
});
