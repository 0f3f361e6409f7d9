import type { Host } from './output.ts';

/** The process that this code runs in. */
export const ownProcess: Host = {
  stdout: process.stdout,
  stderr: process.stderr,
  onSignal(listener) {
    process.on('SIGINT', listener);
    process.on('SIGTERM', listener);
  },
  // A rejection that nothing handles arrives here too.
  onUncaught: (listener) => void process.on('uncaughtException', listener),
  exit(code) {
    // `process.exit` waits for threads that are in a system call, such as a DNS look-up or the opening of a FIFO. A program
    // that takes the place of this one does not.
    const env = { ...process.env, NODE_OPTIONS: '' };
    if (process.platform !== 'win32')
      process.execve?.(process.execPath, [process.execPath, '-e', `process.exit(${code})`], env);
    process.exit(code);
  },
};
