import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { problem, reasonOf, UsageError } from '../errors.ts';
import { closestTo } from './closest.ts';
import { type LoadOptions, loadScenario } from './load.ts';
import type { Scenario } from './scenario.ts';

/** A scenario that comes with the package. */
export interface BundledScenario {
  readonly name: string;
  readonly description: string;
  readonly file: string;
}

/** The same from `server/scenario/` and from `dist/scenario/`. */
const FOLDER = fileURLToPath(new URL('../../scenarios/', import.meta.url));

/** The scenarios that come with the package, by name. */
export function bundledScenarios(): readonly BundledScenario[] {
  return bundledFiles().map((file) => {
    const { name, description = '' } = readScenario(file);
    return { name, description, file };
  });
}

const bundledFiles = () =>
  readdirSync(FOLDER)
    .filter((file) => extname(file) === '.yaml')
    .toSorted()
    .map((file) => `${FOLDER}${file}`);

const bundledName = (file: string) => basename(file, '.yaml');

/** The file of a bundled scenario; each has the name of its file. */
export const findBundled = (name: string): string | undefined =>
  bundledFiles().find((file) => bundledName(file) === name);

/** The file that a path or the name of a bundled scenario leads to; a file of that name comes first.
 * @throws UsageError when there is neither, or the path leads nowhere: links in a circle, a folder that is closed to us */
export function findScenario(nameOrPath: string): string {
  if (isFile(nameOrPath)) return nameOrPath;
  const found = findBundled(nameOrPath);
  if (found) return found;
  const known = bundledFiles().map(bundledName);
  throw new UsageError([
    problem('SCENARIO_NOT_FOUND', { given: nameOrPath, closest: closestTo(bundledName(nameOrPath), known), known }),
  ]);
}

/** Loads the scenario that a path or a bundled name leads to.
 * @throws UsageError when it is not there, cannot be read, or has problems */
export function readScenario(nameOrPath: string, options: Omit<LoadOptions, 'file'> = {}): Scenario {
  const file = findScenario(nameOrPath);
  return loadScenario(readText(file), { ...options, file });
}

const isFile = (path: string) => orUnreadable(path, () => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false);

const readText = (file: string) => orUnreadable(file, () => readFileSync(file, 'utf8'));

/** @throws UsageError FILE_UNREADABLE */
function orUnreadable<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new UsageError([problem('FILE_UNREADABLE', { file, reason: reasonOf(error) })]);
  }
}
