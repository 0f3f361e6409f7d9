import { readFile } from 'node:fs/promises';
import { type DescriptorLimit, parseDescriptorLimit } from '../../descriptors.ts';
import { type Examination, type Finding, fail, ok, unknown, warn } from '../examination.ts';

/** What a process has open beside its connections: files, pipes, the admin API, the watchers of Node. */
const HEADROOM = 100;

/** Each connection takes a file descriptor, on either side. */
export const openFiles: Examination = {
  name: 'open-files',
  summary:
    'As many file descriptors as connections are wanted, for the mock and for clients started from the same shell.',
  async examine({ connections }) {
    const [own, shell] = await Promise.all(['self', process.ppid].map(readLimit));
    if (own === undefined) return unknown('this system has no /proc', 'Compare `ulimit -n` with what you want.');
    return judgeOpenFiles({ connections, own, shell });
  },
};

interface Seen {
  readonly connections: number;
  /** Of this process, in which Node has raised the soft one to the hard one. */
  readonly own: DescriptorLimit;
  /** Of what started it: clients that are started there get the soft one, and few of them raise it. */
  readonly shell: DescriptorLimit | undefined;
}

/** Judges the limits by what is wanted. */
export function judgeOpenFiles({ connections, own, shell = own }: Seen): Finding {
  const needed = connections + HEADROOM;
  const raise = `Raise it with \`ulimit -n ${needed}\` where you start both`;
  const beyond = `${raise}; as the hard limit is lower, an administrator must raise that first (limits.conf, systemd LimitNOFILE, docker run --ulimit nofile=${needed}).`;
  if (own.soft < needed) {
    return fail(
      `${own.soft} for the mock, ${connections} connections take ${needed}`,
      own.hard < needed ? beyond : `${raise}.`,
    );
  }
  if (shell.soft < needed) {
    return warn(
      `${own.soft} for the mock, which is enough, but ${shell.soft} for clients started here; ${connections} connections take ${needed}`,
      shell.hard < needed ? beyond : `Raise it with \`ulimit -n ${needed}\` where you start the client.`,
    );
  }
  return ok(`${Math.min(own.soft, shell.soft)}, ${connections} connections take ${needed}`);
}

async function readLimit(pid: number | string): Promise<DescriptorLimit | undefined> {
  const text = await readFile(`/proc/${pid}/limits`, 'utf8').catch(() => '');
  return parseDescriptorLimit(text);
}
