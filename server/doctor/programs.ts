import { execFile } from 'node:child_process';

/** How a program ended. */
export interface Ran {
  /** -1: it was killed. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunSetting {
  /** Left out: that of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** Kills it. */
  readonly signal: AbortSignal;
}

/** Runs a program to its end.
 * @returns nothing where there is no such program
 * @throws Error when the signal aborts */
export function runProgram(
  program: string,
  args: readonly string[],
  { env = process.env, signal }: RunSetting,
): Promise<Ran | undefined> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { env, signal, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
      if (signal.aborted) return reject(error);
      if (error?.code === 'ENOENT' || error?.code === 'EACCES') return resolve(undefined);
      resolve({ exitCode: error ? Number(error.code ?? -1) : 0, stdout, stderr });
    });
    child.stdin?.end();
  });
}
