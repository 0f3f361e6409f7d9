import { EventEmitter } from 'node:events';
import type { Host, Output } from './output.ts';

/** A process made up for a command. */
export interface MadeUpHost extends Host {
  /** Sends it SIGINT or SIGTERM. */
  signal(): void;
  /** Lets it meet an error that nothing catches. */
  fail(error: unknown): void;
  /** Resolves with the exit code, should the command end the process. */
  readonly exited: Promise<number>;
}

/** Makes up a process that writes to `output`. */
export function makeHost({ stdout, stderr }: Output): MadeUpHost {
  const news = new EventEmitter();
  return {
    stdout,
    stderr,
    onSignal: (listener) => void news.on('signal', listener),
    onUncaught: (listener) => void news.on('uncaught', listener),
    exit: (code) => void news.emit('exit', code),
    signal: () => void news.emit('signal'),
    fail: (error) => void news.emit('uncaught', error),
    exited: new Promise((resolve) => news.once('exit', resolve)),
  };
}

/** Somewhere for a command to write to, that remembers. */
export function captureOutput(): Output & { readonly out: string; readonly err: string } {
  const written = { out: '', err: '' };
  const writerOf = (stream: 'out' | 'err') => ({ write: (text: string) => (written[stream] += text) });
  return {
    stdout: writerOf('out'),
    stderr: writerOf('err'),
    get out() {
      return written.out;
    },
    get err() {
      return written.err;
    },
  };
}
