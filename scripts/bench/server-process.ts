import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { call, TASKS } from './call.ts';

const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 5_000;
/** How often a server that is starting is asked: the grain of `readyMs`. */
const ASK_EVERY_MS = 2;

/** Memory is calm when it has moved by no more than this share for this long; one that never is, is taken as it stands. */
const CALM_SHARE = 0.005;
const CALM_MS = 1_000;
const CALM_LIMIT_MS = 6_000;
const LOOK_EVERY_MS = 50;

/** A server in a process of its own, from the moment at which it first answers. */
export class ServerProcess implements AsyncDisposable {
  readonly port: number;
  /** Of our own, where it was told which to take. */
  readonly adminPort: number;
  /** From spawn to the first answered request. */
  readonly readyMs: number;
  readonly #child: ChildProcess;

  private constructor(port: number, adminPort: number, child: ChildProcess, readyMs: number) {
    this.port = port;
    this.adminPort = adminPort;
    this.#child = child;
    this.readyMs = readyMs;
  }

  /** @param nodeArguments what follows `node`; it must listen on `port` of the loopback address */
  static async start(port: number, nodeArguments: readonly string[], adminPort = 0): Promise<ServerProcess> {
    const startedAt = performance.now();
    const child = spawn(process.execPath, nodeArguments, { stdio: ['ignore', 'ignore', 'inherit'] });
    while (!(await answers(port))) {
      if (child.exitCode !== null) throw new Error(`The server ended with exit code ${child.exitCode}.`);
      if (performance.now() - startedAt > START_LIMIT_MS) {
        child.kill('SIGKILL');
        throw new Error(`The server did not answer within ${START_LIMIT_MS} ms.`);
      }
      await sleep(ASK_EVERY_MS);
    }
    return new ServerProcess(port, adminPort, child, performance.now() - startedAt);
  }

  /** Resident memory now. */
  residentBytes(): number {
    const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.#child.pid}/status`, 'utf8'))?.[1];
    return Number(kibibytes) * 1_024;
  }

  /** Resident memory once the garbage collector has done what it wanted to do. */
  async calmResidentBytes(): Promise<number> {
    const startedAt = performance.now();
    let bytes = this.residentBytes();
    let calmSince = startedAt;
    while (performance.now() - calmSince < CALM_MS && performance.now() - startedAt < CALM_LIMIT_MS) {
      await sleep(LOOK_EVERY_MS);
      const now = this.residentBytes();
      if (Math.abs(now - bytes) < bytes * CALM_SHARE) continue;
      bytes = now;
      calmSince = performance.now();
    }
    return this.residentBytes();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const impatience = setTimeout(() => this.#child.kill('SIGKILL'), STOP_LIMIT_MS);
    await ended;
    clearTimeout(impatience);
  }
}

const answers = (port: number): Promise<boolean> =>
  call(port, { ':path': TASKS }).then(
    ({ headers }) => headers[':status'] === 200,
    () => false,
  );
