import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Where a client of this folder lies. */
export const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/**
 * The interpreter of the virtual environment that these tests have to themselves, made on first use by `set_up.py`.
 *
 * @returns undefined where there is no Python, or no virtual environment can be made; one line says why
 */
export async function findPython(): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('python3', [script('set_up.py')]);
    return stdout.trim();
  } catch (error) {
    console.log(`Python tests are left out: ${reasonOf(error)}`);
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  const { code, stderr } = error as { readonly code?: unknown; readonly stderr?: string };
  return code === 'ENOENT' ? 'there is no python3' : (stderr?.trim().split('\n').at(-1) ?? String(error));
}
