import type { Output } from './output.ts';

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
