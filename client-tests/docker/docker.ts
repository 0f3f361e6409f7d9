import { spawnSync } from 'node:child_process';

/** The image under test. */
export const image = process.env.SEEDANCE_MOCK_IMAGE ?? 'seedance-mock';

/** SEEDANCE_MOCK_DOCKER=1 wants the Docker tests, whatever is missing; otherwise they run where a daemon answers and has the image. */
export const dockerIsReady = process.env.SEEDANCE_MOCK_DOCKER === '1' || succeeds('docker', 'image', 'inspect', image);

/** How compose is called here: the plugin of today, the program of old, or not at all. */
export const compose = [['docker', 'compose'], ['docker-compose']].find((command) => succeeds(...command, 'version'));

// The reaper is an image of its own, which cannot be pulled everywhere; these tests end their containers themselves.
process.env.TESTCONTAINERS_RYUK_DISABLED ??= 'true';

function succeeds(program = '', ...args: readonly string[]): boolean {
  return spawnSync(program, args, { timeout: 10_000, stdio: 'ignore' }).status === 0;
}
