import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import { inject } from 'vitest';
import { runProgram } from '../../../server/commands/program.ts';
import { makeHost } from '../../../server/commands/testing.ts';
import { collect, hearLines, type Ran, type RunningProgram, startProgram } from '../../cli/run-client.ts';
import type { Target } from './client.ts';

/** What `serve` tells once it can serve. */
export interface Ready {
  readonly url: string;
  readonly adminUrl: string;
  readonly storageUrl?: string;
  readonly dns?: string;
  readonly caFile: string;
  readonly seed: number;
  readonly pid: number;
}

/** A line of `--log json`. */
export interface LogLine {
  readonly seq: number;
  readonly at: number;
  readonly type: string;
  readonly msg: string;
  readonly [detail: string]: unknown;
}

/** `seedance-mock` while it runs, in a process of its own or in this one. `await using` ends it. */
export type RunningMock = Pick<RunningProgram, 'hear' | 'signal' | 'ended'> & AsyncDisposable;

/** A `serve` that can serve; clients connect to it as to a server in this process. */
export interface Serving extends RunningMock, Target {
  readonly ready: Ready;
  /** Resolves with the next line of the log that tells of a type of event. */
  hearOf(type: string): Promise<LogLine>;
}

/** Where `seedance-mock` lies, bundled. */
export const commandLine = inject('commandLine');

/** Starts `seedance-mock` in a process of its own. */
export const startMock = (args: readonly string[], env = process.env): RunningProgram =>
  startProgram([process.execPath, commandLine, ...args], env);

/** Runs `seedance-mock` in a process of its own to its end. */
export async function runMock(...args: readonly string[]): Promise<Ran> {
  await using mock = startMock(args);
  return await mock.ended;
}

/** Starts `seedance-mock` in this process: all of it but `main.ts`, and in a tenth of the time. */
export function startHere(args: readonly string[]): RunningMock {
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
  const host = makeHost(streams);
  const [hear, stdout, stderr] = [hearLines(streams.stdout), collect(streams.stdout), collect(streams.stderr)];
  const run = async (): Promise<Ran> => {
    const exitCode = await Promise.race([runProgram(args, host), host.exited]);
    await Promise.all(Object.values(streams).map((stream) => finished(stream.end())));
    return { exitCode, stdout: stdout.join(''), stderr: stderr.join('') };
  };
  const ended = run();
  // A test that failed before has no more use for the outcome.
  ended.catch(() => streams.stdout.end());
  return {
    hear,
    signal: () => host.signal(),
    ended,
    async [Symbol.asyncDispose]() {
      host.signal();
      await ended.catch(() => {});
    },
  };
}

/** Calls `seedance-mock` in this process, and resolves once it has ended. */
export const callMock = (...args: readonly string[]): Promise<Ran> => startHere(args).ended;

/** Starts `seedance-mock serve` on free ports, and waits until it can serve.
 * @param start where it runs: in this process, when it is left out
 * @throws Error with all that it wrote, when it ends before that */
export async function openServe(args: readonly string[] = [], start = startHere): Promise<Serving> {
  const program = start(['serve', '--port', '0', '--admin-port', '0', '--log', 'json', ...args]);
  const said = await program.hear();
  if (said === undefined) throw new Error(`it did not start:\n${(await program.ended).stderr}`);
  const { type: _, ...ready } = JSON.parse(said) as Ready & { readonly type: 'ready' };
  return {
    ...program,
    ready,
    url: ready.url,
    ca: await readFile(ready.caFile, 'utf8'),
    async hearOf(type) {
      for (;;) {
        const line = await program.hear();
        if (line === undefined) throw new Error(`it ended, and said nothing of ${type}`);
        const event = JSON.parse(line) as LogLine;
        if (event.type === type) return event;
      }
    },
  };
}

/** Every line of `--log json` after the first, which says where it serves. */
export const readLog = ({ stdout }: Ran): readonly LogLine[] =>
  stdout
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => JSON.parse(line) as LogLine);

/** A folder for a test's files; it goes with the test. */
export async function openFolder() {
  const path = await mkdtemp(join(tmpdir(), 'command-line-'));
  return {
    path,
    /** Names a file in it. */
    at: (name: string) => join(path, name),
    async write(name: string, text: string) {
      await writeFile(join(path, name), text);
      return join(path, name);
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true }),
  };
}

/** A folder of programs for the PATH, as shell scripts. */
export async function openPrograms(scripts: Readonly<Record<string, string>>) {
  const folder = await openFolder();
  for (const [name, script] of Object.entries(scripts)) {
    await chmod(await folder.write(name, `#!/bin/sh\n${script}\n`), 0o755);
  }
  return folder;
}
