import { mkdir, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { bundleCommandLine, dataFolders } from '../scripts/bundle.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The command line, bundled as users get it: tests start it some two hundred times. */
    readonly commandLine: string;
  }
}

const root = dirname(import.meta.dirname);

/** Bundles the command line once for all tests that start it. */
export async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  // Not dist/: a test of the package builds that meanwhile. Two runs at once have one each.
  const folder = join(root, `.command-line-${process.pid}`);
  await bundleCommandLine(folder);
  for (const data of dataFolders) {
    await mkdir(dirname(join(folder, data)), { recursive: true });
    await symlink(join(root, 'server', data), join(folder, data));
  }
  provide('commandLine', join(folder, 'main.js'));
  return () => rm(folder, { recursive: true, force: true });
}
