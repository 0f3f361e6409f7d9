/** `node scripts/assemble-image.ts FOLDER`: puts together, from what `npm run build` made, what the image runs.
 *
 * The bundle, what it reads, and a package.json with the few packages that it does not carry, for `npm ci` to fetch them. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { dataFolders, LICENSES_FILE, unbundled } from './bundle.ts';

interface Package {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

const root = dirname(import.meta.dirname);
const target = process.argv[2];
if (target === undefined) {
  console.error('Usage: node scripts/assemble-image.ts FOLDER');
  process.exit(2);
}

const parts = ['main.js', 'command-line', LICENSES_FILE, ...dataFolders].map((part) => `dist/${part}`);
for (const part of [...parts, 'scenarios', 'package-lock.json', 'LICENSE']) {
  cpSync(join(root, part), join(target, part), { recursive: true });
}

const { name, version, license, dependencies, optionalDependencies } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
) as Package;
const keep = (all: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(all).filter(([dependency]) => unbundled.includes(dependency)));
const slim: Package & { readonly type: 'module' } = {
  name,
  version,
  license,
  type: 'module',
  dependencies: keep(dependencies),
  optionalDependencies: keep(optionalDependencies),
};
writeFileSync(join(target, 'package.json'), `${JSON.stringify(slim, null, 2)}\n`);
