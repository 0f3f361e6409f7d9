import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { type RunningProgram, startProgram } from '../cli/run-client.ts';
import { image } from './docker.ts';

const execute = promisify(execFile);

/** A container of the image under test, as `docker run` shows it: its output, its input, its exit code. `await using` removes it. */
export interface RunningContainer extends RunningProgram {
  readonly name: string;
  /** Where a port of the container is published: `localhost:49153`. */
  addressOf(port: number): Promise<string>;
  /** Runs a command in it, and resolves with what that wrote. */
  run(...command: readonly string[]): Promise<string>;
}

/** Calls `docker`, and resolves with what it wrote.
 * @throws Error with its complaint, when it fails */
export async function docker(...args: readonly string[]): Promise<string> {
  return (await execute('docker', args)).stdout.trim();
}

/** Starts the image under test.
 *
 * @param options of `docker run`
 * @param command of `seedance-mock`; left out, the image's own */
export function runImage(options: readonly string[], command: readonly string[] = []): RunningContainer {
  const name = `seedance-mock-${randomUUID()}`;
  const program = startProgram(['docker', 'run', '--name', name, ...options, image, ...command]);
  return {
    ...program,
    name,
    addressOf: async (port) => {
      const [, mapped] = /^127\.0\.0\.1:(\d+)$/m.exec(await docker('port', name, `${port}`)) ?? [];
      if (mapped === undefined) throw new Error(`port ${port} of ${name} is not published`);
      return `localhost:${mapped}`;
    },
    run: (...command) => docker('exec', name, ...command),
    async [Symbol.asyncDispose]() {
      await docker('rm', '--force', '--volumes', name);
      await program[Symbol.asyncDispose]();
    },
  };
}
