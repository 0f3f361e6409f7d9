import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { compose, dockerIsReady, image } from './docker.ts';

const run = promisify(execFile);
const LIMIT_MS = 120_000;

describe.runIf(dockerIsReady && compose !== undefined)('docker-compose.yml', () => {
  test('shows a client that gets its video, and then is reset', { timeout: LIMIT_MS }, async () => {
    const [program = '', ...before] = compose ?? [];
    const project = `seedance-mock-${randomUUID()}`;
    const composed = (...args: readonly string[]) =>
      run(program, [...before, '--project-name', project, ...args], {
        env: { ...process.env, SEEDANCE_MOCK_IMAGE: image, SEEDANCE_MOCK_ADMIN_PORT: '0' },
      });
    onTestFinished(async () => void (await composed('down', '--volumes')));

    const { stdout } = await composed('up', '--no-build', '--abort-on-container-exit', '--exit-code-from', 'client');

    expect(stdout).toMatch(/ALPN h2/);
    expect(stdout).toMatch(/downloaded the video, \d{4,} bytes/);
    expect(stdout).toMatch(/the connection ended after \d+\.\d s idle: ECONNRESET/);
  });
});
