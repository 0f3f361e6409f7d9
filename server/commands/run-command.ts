import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { setTimeout } from 'node:timers';
import { reasonOf } from '../errors.ts';
import type { Ending } from './ending.ts';
import type { Output, Writer } from './output.ts';

/** How a command ended, in words, and whether all was well with it. */
export interface Ended {
  readonly how: string;
  /** Its exit code; left out where it has none, or was stopped. */
  readonly code?: number;
  readonly well: boolean;
  readonly started: boolean;
}

/** Where its output goes: to our own as it is, or line by line behind a prefix. */
export type CommandOutput = 'own' | (Output & { readonly prefix: string });

export interface CommandSetting {
  readonly env: NodeJS.ProcessEnv;
  readonly output: CommandOutput;
  /** In real time; left out, it may take as long as it likes. */
  readonly timeoutMs: number | undefined;
  readonly stopped: AbortSignal;
  readonly ending: Ending;
}

/** How long a command that is asked to end may take before it is killed. */
const GRACE_MS = 1_000;
/** How long the system may take to end one that is killed; it never ends one that another user owns. */
const KILL_MS = 200;
/** How long what a command has started may keep its output open once it has ended. */
const FLUSH_MS = 200;
/** A longer line is written in parts. */
const MAX_LINE_CHARACTERS = 65_536;
const WAS_INTERRUPTED = 'was interrupted';

/** Runs a command until it ends, the time is out, or `stopped` aborts. */
export function runCommand(
  [program = '', ...args]: readonly string[],
  { env, output, timeoutMs, stopped, ending }: CommandSetting,
): Ended | Promise<Ended> {
  if (stopped.aborted) return { how: WAS_INTERRUPTED, well: false, started: true };
  return new Promise<Ended>((resolve) => {
    // A group of its own, so that what it has started ends with it. Such a group may not read from a terminal.
    const child = spawn(program, args, {
      env,
      stdio:
        output === 'own'
          ? [process.stdin.isTTY ? 'ignore' : 'inherit', 'inherit', 'inherit']
          : ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
    });
    let why: string | undefined;
    const signal = (name: NodeJS.Signals) => {
      try {
        if (child.pid !== undefined) process.kill(process.platform === 'win32' ? child.pid : -child.pid, name);
      } catch {
        // It has ended meanwhile, or is another user's.
      }
    };
    const forget = ending.atLast(() => signal('SIGKILL'));
    const timers: NodeJS.Timeout[] = [];
    const end = (ended: Ended) => {
      for (const timer of timers) clearTimeout(timer);
      stopped.removeEventListener('abort', interrupt);
      forget();
      // What it has started may still write, but the report follows now.
      child.stdout?.destroy();
      child.stderr?.destroy();
      resolve(ended);
    };
    const stop = (reason: string) => {
      if (why !== undefined) return;
      why = reason;
      signal('SIGTERM');
      timers.push(setTimeout(kill, GRACE_MS));
    };
    const kill = () => {
      signal('SIGKILL');
      const how = `${why}, and could not be killed`;
      timers.push(setTimeout(() => end({ how, well: false, started: true }), KILL_MS));
    };
    const interrupt = () => stop(WAS_INTERRUPTED);
    stopped.addEventListener('abort', interrupt);
    if (timeoutMs !== undefined)
      timers.push(setTimeout(() => stop(`ran into the time-out of ${timeoutMs} ms`), timeoutMs));
    if (output !== 'own') prefixOutput(child, output);
    child.on('error', (error) => end({ how: `cannot be started: ${reasonOf(error)}`, well: false, started: false }));
    child.on('exit', (code, by) => {
      // Nothing that it has started outlives a command that had to be stopped.
      if (why !== undefined) signal('SIGKILL');
      const how = why ?? (code === null ? `was ended by ${by}` : `exit code ${code}`);
      const isOwnEnd = code !== null && why === undefined;
      const ended = { how, ...(isOwnEnd && { code }), well: isOwnEnd && code === 0, started: true };
      child.once('close', () => end(ended));
      timers.push(setTimeout(() => end(ended), FLUSH_MS));
    });
  });
}

function prefixOutput({ stdout, stderr }: ChildProcess, output: Exclude<CommandOutput, 'own'>): void {
  if (stdout) prefixLines(stdout, output.stdout, output.prefix);
  if (stderr) prefixLines(stderr, output.stderr, output.prefix);
}

/** Copies whole lines, so that those of several commands do not mix. */
function prefixLines(from: Readable, to: Writer, prefix: string): void {
  let rest = '';
  const write = (line: string) => void to.write(`${prefix}${line}\n`);
  from.setEncoding('utf8');
  from.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) write(line);
    if (rest.length <= MAX_LINE_CHARACTERS) return;
    write(rest);
    rest = '';
  });
  from.once('end', () => rest !== '' && write(rest));
}
