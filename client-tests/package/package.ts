import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { leaveOut } from '../cli/leave-out.ts';
import { type RunningProgram, startProgram } from '../cli/run-client.ts';

/** Enough to fetch every dependency, on a slow machine. */
const PROGRAM_LIMIT_MS = 300_000;
/** Off CI a registry that does not answer is given up at once: npm would try for minutes, package by package. */
const RETRIES = process.env.CI ? [] : ['--fetch-retries', '0'];
const INSTALL_OPTIONS = ['--prefer-offline', ...RETRIES, '--no-audit', '--no-fund'];
/** The Node that runs the tests also runs npm, and what npm starts. What an `npm exec --call` around the tests was told is no
 * matter of theirs. */
const env = {
  ...process.env,
  npm_config_call: undefined,
  PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
};

/** What `npm pack` made. */
export interface Tarball {
  readonly path: string;
  /** Of the tarball itself, in bytes. */
  readonly size: number;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

/** A project of a user, with packages from the registry and ours. */
export interface Project {
  /** Where our package lies. */
  readonly installed: string;
  write(file: string, text: string): Promise<void>;
  /** Runs a program in it, and resolves with what that wrote.
   * @throws Error with all that it wrote, when it fails */
  run(program: string, ...args: readonly string[]): Promise<string>;
  /** Starts `npx seedance-mock` in it. */
  startMock(...args: readonly string[]): RunningProgram;
}

/** Builds the package, and packs it into a folder. */
export async function packInto(folder: string): Promise<Tarball> {
  await execute(process.cwd(), 'npm', 'run', 'build');
  // It is built already, and what the build says would stand before the JSON.
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const [{ filename, size, files }] = JSON.parse(await execute(process.cwd(), 'npm', ...args));
  return { path: join(folder, filename), size, files };
}

/**
 * Makes a folder a project, and installs packages into it, beside those that it has.
 *
 * @returns undefined where there is no npm, or the registry does not answer; one line says why
 * @throws Error where CI has npm, with why it cannot install them
 */
export async function installInto(folder: string, ...packages: readonly string[]): Promise<Project | undefined> {
  try {
    await execute(folder, 'npm', 'install', ...INSTALL_OPTIONS, ...packages);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // It closes with advice; what has happened it says before.
    const stderr = 'stderr' in error ? String(error.stderr) : '';
    const reason = /^npm error code .*$/m.exec(stderr)?.[0] ?? '';
    leaveOut('package', 'npm', Object.assign(error, { stderr: `${stderr}\n${reason}` }));
    return undefined;
  }
  return {
    installed: join(folder, 'node_modules/seedance-mock'),
    write: (file, text) => writeFile(join(folder, file), text),
    run: (program, ...args) => execute(folder, program, ...args),
    startMock: (...args) => startProgram(['npx', '--prefix', folder, '--no', '--', 'seedance-mock', ...args], env),
  };
}

/** Installs a version of Node from the registry into a new folder.
 * @returns where its executable lies; undefined as above */
export async function installNode(folder: string, version: string): Promise<string | undefined> {
  await mkdir(folder);
  // The package fetches the executable for this machine when it is installed.
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, allowScripts: { node: true } }));
  const project = await installInto(folder, '--no-save', `node@${version}`);
  return project && join(folder, 'node_modules/.bin/node');
}

/** Runs a program in a folder, and resolves with what that wrote.
 * @throws Error with all that it wrote, when it fails */
export async function execute(cwd: string, program: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { cwd, env, timeout: PROGRAM_LIMIT_MS });
  return stdout;
}
