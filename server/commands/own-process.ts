import { existsSync } from 'node:fs';
import type { Host } from './output.ts';

const SHELL = '/bin/sh';

/** The process that this code runs in. */
export const ownProcess: Host = {
  stdout: process.stdout,
  stderr: process.stderr,
  onSignal(listener) {
    process.on('SIGINT', listener);
    process.on('SIGTERM', listener);
    // The terminal was closed.
    process.on('SIGHUP', listener);
  },
  // A rejection that nothing handles arrives here too.
  onUncaught: (listener) => void process.on('uncaughtException', listener),
  exit(code) {
    // `process.exit` waits for threads that are in a system call, such as a DNS look-up or the opening of a FIFO. A program
    // that takes the place of this one does not.
    if (existsSync(SHELL)) process.execve?.(SHELL, [SHELL, '-c', `exit ${code}`]);
    process.exit(code);
  },
};
