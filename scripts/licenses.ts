import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What matters here of a package.json. */
interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly author?: string | { readonly name: string };
  readonly homepage?: string;
  readonly repository?: string | { readonly url: string };
}

/** A package of which at least a part is bundled. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** An SPDX expression, if its package.json has one. */
  readonly license: string | undefined;
  /** Where its source code is, as the MPL requires. */
  readonly source: string | undefined;
  /** Its licences and notices, and those of code that it contains. */
  readonly texts: readonly string[];
}

const LICENSE_FILE = /^(licen[cs]e|copying|notice|third[-_ ]?party)/i;
/** Helper functions that the bundler adds. */
const BUNDLER_RUNTIME = '\0rolldown/runtime.js';

/**
 * Finds the packages that the modules of a bundle come from, by name and version.
 *
 * @param moduleIds paths of the modules, as rolldown names them
 * @param root folder of the project
 * @throws Error when a package has no licence
 */
export function findBundledPackages(moduleIds: Iterable<string>, root: string): readonly BundledPackage[] {
  // For each package the folders from its modules up to its root: code of others has its licence beside it.
  const folders = new Map<string, Set<string>>();
  for (const id of moduleIds) {
    const path = id === BUNDLER_RUNTIME ? join(root, 'node_modules/rolldown/package.json') : id.replace('\0', '');
    const home = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
    if (home === undefined) continue;
    const found = folders.get(home) ?? new Set<string>();
    folders.set(home, found);
    for (let folder = dirname(path); folder.length >= home.length; folder = dirname(folder)) found.add(folder);
  }
  return [...folders]
    .map(([home, found]) => describePackage(home, [...found].toSorted()))
    .toSorted((a, b) => (titleOf(a) < titleOf(b) ? -1 : 1));
}

function describePackage(home: string, folders: readonly string[]): BundledPackage {
  const json = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as PackageJson;
  const { name, version, license, homepage, repository } = json;
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && LICENSE_FILE.test(entry.name))
      .map((entry) => join(folder, entry.name)),
  );
  if (files.length === 0 && license !== 'MIT') {
    throw new Error(`${name} ${version} has no licence text: it must not be bundled (scripts/bundle.ts).`);
  }
  const texts = files.length > 0 ? files.map((file) => readFileSync(file, 'utf8').trim()) : [writeMit(json)];
  const source = (typeof repository === 'object' ? repository.url : repository) ?? homepage;
  return { name, version, license, source: source?.replace(/^git\+/, ''), texts };
}

const titleOf = ({ name, version, license }: BundledPackage) =>
  `${name} ${version}${license === undefined ? '' : ` (${license})`}`;

/** Writes THIRD-PARTY-LICENSES: each text once, below the packages that it belongs to. */
export function renderLicenses(packages: readonly BundledPackage[]): string {
  const byText = Map.groupBy(packages, ({ texts }) => texts.join('\n\n'));
  const sections = [...byText].map(([text, group]) => {
    const heads = group.map((one) =>
      [titleOf(one), ...(one.source === undefined ? [] : [`  ${one.source}`])].join('\n'),
    );
    return [LINE, ...heads, LINE, '', text, ''].join('\n');
  });
  return [INTRODUCTION, ...sections].join('\n');
}

const LINE = '-'.repeat(80);
const INTRODUCTION = `The command line of seedance-mock (main.js and command-line/) contains code of these packages. No other file
does: packages that are imported are installed beside them, with their licences.
`;

/** The text for a package that names this licence and has no file of it (https://spdx.org/licenses/MIT.html). */
function writeMit({ name, author }: PackageJson): string {
  const holder = typeof author === 'object' ? author.name : (author ?? `the authors of ${name}`);
  return `MIT License

Copyright (c) ${holder}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;
}
