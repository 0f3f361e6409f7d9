import { readFile } from 'node:fs/promises';
import { BACKLOG } from '../../listen.ts';
import { type Examination, type Finding, ok, unknown, warn } from '../examination.ts';

/** How many connections the kernel keeps for the mock until it has accepted them. */
export const backlog: Examination = {
  name: 'backlog',
  summary: 'The kernel keeps as many new connections waiting as the mock asks for.',
  only: 'machine',
  examine: async () => judgeBacklog(await readFile('/proc/sys/net/core/somaxconn', 'utf8').catch(() => undefined)),
};

/** Judges `net.core.somaxconn`: listen(2) takes the lower of it and what a program asks for.
 * @param text undefined where there is no such file */
export function judgeBacklog(text: string | undefined): Finding {
  if (text === undefined) return unknown('this system has no /proc', 'Look for its limit on listen queues.');
  const allowed = Number(text);
  if (allowed >= BACKLOG) return ok(`net.core.somaxconn is ${allowed}, the mock asks for ${BACKLOG}`);
  return warn(
    `net.core.somaxconn is ${allowed}: of more clients that connect at once, some wait a second or longer`,
    `Raise it with \`sysctl -w net.core.somaxconn=${BACKLOG}\`, or \`docker run --sysctl net.core.somaxconn=${BACKLOG}\`.`,
  );
}
