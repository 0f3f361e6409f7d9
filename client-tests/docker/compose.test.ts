import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { findFreePorts } from '../../server/fixtures/free-ports.ts';
import { startProgram } from '../cli/run-client.ts';
import { compose, dockerIsReady, image } from './docker.ts';
import { docker } from './run-image.ts';

const run = promisify(execFile);
const LIMIT_MS = 180_000;
const CHAOS = ['--profile', 'chaos'];

if (dockerIsReady && compose === undefined)
  console.log('docker-compose.yml is not tried: there is neither `docker compose` nor `docker-compose`');

/** docker-compose.yml as a project of its own. `await using` takes it down. */
async function openProject(options: readonly string[] = [], settings: NodeJS.ProcessEnv = {}) {
  const [storagePort] = await findFreePorts(1);
  const command = [...(compose ?? []), '--project-name', `seedance-mock-${randomUUID()}`, ...options];
  const ports = {
    SEEDANCE_MOCK_ADMIN_PORT: '0',
    CHAOS_MOCK_ADMIN_PORT: '0',
    SEEDANCE_MOCK_STORAGE_PORT: `${storagePort}`,
  };
  const env = { ...process.env, SEEDANCE_MOCK_IMAGE: image, ...ports, ...settings };
  const composed = async (...args: readonly string[]) => {
    const [program = '', ...before] = command;
    return (await run(program, [...before, ...args], { env })).stdout.trim();
  };
  return {
    composed,
    /** Brings services up in the foreground. */
    up: (...args: readonly string[]) =>
      startProgram([...command, 'up', '--no-build', ...args], env, { limitMs: LIMIT_MS }),
    [Symbol.asyncDispose]: async () => void (await composed('down', '--volumes')),
  };
}

describe.runIf(dockerIsReady && compose !== undefined).concurrent('docker-compose.yml', { timeout: LIMIT_MS }, () => {
  test('shows a client that gets its video, and then is reset', async () => {
    await using project = await openProject();

    const { exitCode, stdout } = await project.up('--exit-code-from', 'client').ended;

    expect(stdout).toMatch(/ALPN h2/);
    expect(stdout).toMatch(/downloaded the video, \d{4,} bytes/);
    expect(stdout).toMatch(/the connection ended after \d+\.\d s idle: ECONNRESET/);
    expect(exitCode).toBe(0);
  });

  test('--profile chaos: both mocks stay up, and the verdict on a hardened client is printed', async () => {
    await using project = await openProject(CHAOS);

    await using up = project.up();
    for (let line = ''; !/verdict.*pass: 8 passed, 0 failed, 0 inconclusive/.test(line); ) {
      line = (await up.hear()) ?? expect.fail((await up.ended).stdout);
    }

    for (const mock of ['mock', 'chaos-mock']) {
      const admin = await project.composed('port', mock, '8480');
      expect((await fetch(`http://${admin}/health/ready`)).status).toBe(200);
    }
    expect(await docker('wait', await project.composed('ps', '--all', '--quiet', 'verdict'))).toBe('0');
  });

  test('--profile chaos: the verdict on a naive client is what the rehearsal exits with', async () => {
    await using project = await openProject(CHAOS, { CHAOS_CLIENT: 'naive' });

    const { exitCode, stdout } = await project.up('--exit-code-from', 'verdict', 'verdict').ended;

    expect(stdout).toMatch(/FAIL backoff {2}tried again \d+ ms after (?:a )?failure/);
    expect(stdout).toMatch(/FAIL no-duplicate-creates {2}2 tasks for one create/);
    expect(exitCode).toBe(1);
  });
});
