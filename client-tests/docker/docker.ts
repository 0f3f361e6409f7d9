import { spawnSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';

/** The image under test. */
export const image = process.env.SEEDANCE_MOCK_IMAGE ?? 'seedance-mock';

/** SEEDANCE_MOCK_DOCKER=1 wants the Docker tests, whatever is missing; otherwise they run where a daemon answers and has the image. */
export const dockerIsReady = process.env.SEEDANCE_MOCK_DOCKER === '1' || succeeds('docker', 'image', 'inspect', image);

/** How compose is called here: the plugin of today, the program of old, or not at all. */
export const compose = [['docker', 'compose'], ['docker-compose']].find((command) => succeeds(...command, 'version'));

/** Whether Docker's user-land proxy sits in front of a published port: there is a process of its own for each (Linux). */
export async function hasProxy(port: number): Promise<boolean> {
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  // One that has ended meanwhile is none.
  const lines = await Promise.all(processes.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')));
  return lines.some((line) => line.includes('docker-proxy') && line.includes(`-host-port\0${port}\0`));
}

// The reaper is an image of its own, which cannot be pulled everywhere; these tests end their containers themselves.
process.env.TESTCONTAINERS_RYUK_DISABLED ??= 'true';

function succeeds(program = '', ...args: readonly string[]): boolean {
  return spawnSync(program, args, { timeout: 10_000, stdio: 'ignore' }).status === 0;
}
