import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'rolldown';
import packageJson from '../package.json' with { type: 'json' };
import { findBundledPackages, renderLicenses } from './licenses.ts';

/** The lowest version of Node that the package supports: `22.19` of `>=22.19`. */
export const lowestNode = packageJson.engines.node.replace(/^>=/, '');

/** Packages that it finds in node_modules: plug-ins that bring files of their own, and what is required rather than imported. */
export const unbundled: readonly string[] = [
  '@fastify/swagger',
  '@fastify/swagger-ui',
  'avsc',
  'junit-report-builder',
  // Native, and optional.
  'koffi',
];

/** Folders of server/ whose files it reads; they lie at the same place in dist/. */
export const dataFolders: readonly string[] = ['seedance/media', 'seedance/contract'];

/** What the packages in the bundle require to be passed on with it. */
export const LICENSES_FILE = 'THIRD-PARTY-LICENSES';

/** Bundles the command line, with the licences of what is in it: reading one file in place of 760 halves its start.
 * @param folder lies in the root of the project, so that what the modules of server/ find beside them is where they look for it */
export async function bundleCommandLine(folder: string): Promise<void> {
  const { output } = await build({
    input: join(import.meta.dirname, '../server/main.ts'),
    platform: 'node',
    external: [...unbundled],
    logLevel: 'warn',
    // Syntax that the lowest Node does not know, such as `await using`, is rewritten.
    transform: { target: `node${lowestNode}` },
    output: {
      dir: folder,
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: 'command-line/[name]-[hash].js',
    },
  });
  const moduleIds = output.flatMap((part) => (part.type === 'chunk' ? part.moduleIds : []));
  const packages = findBundledPackages(moduleIds, dirname(import.meta.dirname));
  writeFileSync(join(folder, LICENSES_FILE), renderLicenses(packages));
}
