/** `npm run build`: server/ becomes dist/, what the npm package and the image run.
 *
 * The command line is bundled with all it needs on top of that: reading one file in place of 760 halves its start. */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'rolldown';

const root = dirname(import.meta.dirname);
const dist = join(root, 'dist');

rmSync(dist, { recursive: true, force: true });
const tsc = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
if (tsc.error) throw tsc.error;
if (tsc.status !== 0) process.exit(1);
await build({
  input: join(root, 'server/main.ts'),
  platform: 'node',
  // A native module, which may be missing, and plug-ins that bring files of their own.
  external: ['@fastify/swagger', '@fastify/swagger-ui', 'koffi'],
  logLevel: 'warn',
  // One folder deep, as the modules of server/ are, so that what they find beside them is where they look for it.
  output: { dir: dist, format: 'esm', entryFileNames: '[name].js', chunkFileNames: 'command-line/[name]-[hash].js' },
});
for (const folder of ['seedance/media', 'seedance/contract']) {
  cpSync(join(root, 'server', folder), join(dist, folder), { recursive: true });
}
// npm makes a bin executable when it installs one; whoever runs dist/ from a checkout has only this.
chmodSync(join(dist, 'main.js'), 0o755);
