/** `npm run build`: server/ becomes dist/, what the npm package and the image run. The command line is bundled with all it needs; what
 * a program imports is compiled file by file, and only as far as its imports lead. Types are not checked: `npm run types` does that. */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bundleCommandLine, dataFolders } from './bundle.ts';

const root = dirname(import.meta.dirname);
const dist = join(root, 'dist');

rmSync(dist, { recursive: true, force: true });
const tsc = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
if (tsc.error) throw tsc.error;
if (tsc.status !== 0) process.exit(1);
await bundleCommandLine(dist);
for (const folder of dataFolders) cpSync(join(root, 'server', folder), join(dist, folder), { recursive: true });
// npm makes a bin executable when it installs one; whoever runs dist/ from a checkout has only this.
chmodSync(join(dist, 'main.js'), 0o755);
