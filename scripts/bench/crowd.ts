import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a crowd is told to do. */
export interface CrowdOrder {
  readonly port: number;
  readonly count: number;
  /** Left out: once open, the connections stay silent. */
  readonly pingEveryMs?: number;
}

/** How one connection ended, as its client saw it. */
export interface Ending {
  /** The error's code; `FIN` when there was none. */
  readonly code: string;
  /** Since the last byte that this client sent or received. */
  readonly idleMs: number;
}

/** What a crowd tells. */
export type CrowdReport = { readonly type: 'open' } | { readonly type: 'ended'; readonly ending: Ending };

const OPEN_LIMIT_MS = 60_000;

/** Many HTTP/2 clients in a process of their own, each with one connection that it leaves alone. */
export class Crowd implements Disposable {
  /** The connections that are gone, in the order in which they went. */
  readonly endings: Ending[] = [];
  readonly #process: ChildProcess;
  readonly #count: number;

  private constructor(process: ChildProcess, count: number) {
    this.#process = process;
    this.#count = count;
    process.on('message', (report: CrowdReport) => {
      if (report.type === 'ended') this.endings.push(report.ending);
    });
  }

  /** Resolves once every connection has seen the server's SETTINGS and acknowledged them. */
  static async open(order: CrowdOrder): Promise<Crowd> {
    const process = fork(join(import.meta.dirname, 'crowd-process.ts'));
    const crowd = new Crowd(process, order.count);
    const opened = Promise.withResolvers<void>();
    const fail = () => opened.reject(new Error(`Not all of ${order.count} connections could be opened.`));
    process.on('message', (report: CrowdReport) => report.type === 'open' && opened.resolve());
    process.once('exit', fail);
    const impatience = setTimeout(fail, OPEN_LIMIT_MS);
    process.send(order);
    try {
      await opened.promise;
    } catch (error) {
      crowd[Symbol.dispose]();
      throw error;
    } finally {
      clearTimeout(impatience);
    }
    return crowd;
  }

  /** Resolves once every connection has ended. */
  async ended(limitMs: number): Promise<void> {
    const startedAt = performance.now();
    while (this.endings.length < this.#count) {
      if (performance.now() - startedAt > limitMs) {
        throw new Error(`${this.#count - this.endings.length} connections are still open after ${limitMs} ms.`);
      }
      await sleep(100);
    }
  }

  [Symbol.dispose](): void {
    this.#process.kill('SIGKILL');
  }
}
