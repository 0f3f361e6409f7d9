import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { leaveOut } from '../cli/leave-out.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
/** Enough for the first build of all, on a slow machine that has to fetch every module. */
const SET_UP_LIMIT_MS = 300_000;
/** No newer toolchain is fetched for us; what is here has to do. */
const go = (module: string, ...args: readonly string[]) =>
  promisify(execFile)('go', args, {
    cwd: `${here}${module}`,
    env: { ...process.env, GOTOOLCHAIN: 'local' },
    timeout: SET_UP_LIMIT_MS,
  });

/**
 * Builds a client of this folder into `bin`. Go's own caches make all but the first time quick. Each test file builds the
 * client that it runs, so that none is replaced while another test runs it.
 *
 * @param module the folder of a module of its own, which is the client; left out: the client is a folder of the module here
 * @returns the program; undefined where there is no Go, or the modules cannot be had, and one line says why
 * @throws Error with what the compiler says; where CI has Go, also with why the modules cannot be had
 */
export async function buildGoClient(name: string, module?: string): Promise<string | undefined> {
  try {
    await go(module ?? '.', 'mod', 'download');
  } catch (error) {
    leaveOut('Go', 'go', error);
    return undefined;
  }
  const program = `${here}bin/${name}`;
  await go(module ?? '.', 'build', '-o', program, module === undefined ? `./${name}` : '.');
  return program;
}
