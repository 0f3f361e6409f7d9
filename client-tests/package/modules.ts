import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { relative } from 'node:path';
import { rolldown } from 'rolldown';

/** What some entries import, directly and by way of others. */
export interface Modules {
  /** The entries and what they import, by path, sorted. */
  readonly paths: readonly string[];
  /** The packages that these import, by name, sorted; Node's own modules are none. */
  readonly packages: readonly string[];
}

const OWN = /^\.{0,2}\//;
/** How a module calls for a package that it may go without, or that is slow to load. */
const REQUIRED = /createRequire\(import\.meta\.url\)\(['"]([^'"]+)['"]\)/g;

/** Follows the imports of built modules, with a parser rather than by their looks: bundles quote other code. */
export async function findModules(...entries: readonly string[]): Promise<Modules> {
  const paths = new Set<string>();
  const specifiers = new Set<string>();
  const note = {
    name: 'note',
    moduleParsed: ({ id, code }: { readonly id: string; readonly code: string | null }) => {
      paths.add(relative('.', id));
      for (const [, specifier = ''] of (code ?? '').matchAll(REQUIRED)) specifiers.add(specifier);
    },
  };
  const external = (id: string) => {
    if (OWN.test(id)) return false;
    specifiers.add(id);
    return true;
  };
  await using graph = await rolldown({ input: [...entries], external, plugins: [note], logLevel: 'silent' });
  await graph.generate();
  return { paths: [...paths].toSorted(), packages: packagesOf(specifiers) };
}

/** The packages whose types a declaration file imports. */
export const typesIn = (path: string): readonly string[] =>
  packagesOf(
    [...readFileSync(path, 'utf8').matchAll(/(?:from |import\()'([^.'][^']*)'/g)].map(([, name = '']) => name),
  );

const packagesOf = (specifiers: Iterable<string>): readonly string[] => {
  const names = [...specifiers]
    .filter((specifier) => !isBuiltin(specifier))
    .map((specifier) => /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier);
  return [...new Set(names)].toSorted();
};
