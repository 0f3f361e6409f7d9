import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const here = fileURLToPath(new URL('.', import.meta.url));
/** No newer toolchain is fetched for us; what is here has to do. */
const go = (...args: readonly string[]) =>
  promisify(execFile)('go', args, { cwd: here, env: { ...process.env, GOTOOLCHAIN: 'local' } });

/** Where a client of this folder is, once `buildGoClients` has been called. */
export const program = (name: string): string => `${here}bin/${name}`;

/**
 * Builds the clients of this folder into `bin`. Go's own caches make all but the first time quick, and keep any number
 * of builders out of each other's way.
 *
 * @returns false where there is no Go, or the modules cannot be had; one line says why
 * @throws Error with what the compiler says
 */
export async function buildGoClients(): Promise<boolean> {
  try {
    await go('mod', 'download');
  } catch (error) {
    console.log(`Go tests are left out: ${reasonOf(error)}`);
    return false;
  }
  await go('build', '-o', 'bin/', './...');
  return true;
}

function reasonOf(error: unknown): string {
  const { code, stderr } = error as { readonly code?: unknown; readonly stderr?: string };
  return code === 'ENOENT' ? 'there is no go' : (stderr?.trim().split('\n').at(-1) ?? String(error));
}
