import { createServer } from 'node:net';
import { basename } from 'node:path';
import { problem, UsageError } from '../../errors.ts';
import { listenOn } from '../../listen.ts';
import { type Examination, type Finding, ok, warn } from '../examination.ts';
import { findListener, type Process } from '../processes.ts';

/** What `serve` takes unless it is told otherwise. */
const DEFAULT_PORTS = [8443, 8480];
const HOST = '127.0.0.1';
/** Of a command line, as much as tells one program from another. */
const MAX_SHOWN = 40;

/** Whether `serve` would get its ports. */
export const ports: Examination = {
  name: 'ports',
  summary: 'The ports that `serve` takes by default are free.',
  only: 'machine',
  examine: () => examinePorts(DEFAULT_PORTS),
};

/** Tries to listen on each port. */
export async function examinePorts(wanted: readonly number[]): Promise<Finding> {
  const tried = await Promise.all(wanted.map(async (port) => ({ port, trouble: await tryPort(port) })));
  const taken = tried.filter(({ trouble }) => trouble !== undefined);
  if (taken.length === 0) return ok(`nobody listens on ${wanted.join(' and ')}`);
  return warn(
    taken.map(({ port, trouble }) => `${port} ${trouble}`).join(', '),
    'Stop what listens there, or choose others: `seedance-mock serve --port 0 --admin-port 0` takes free ones.',
  );
}

/** @returns why it cannot be had; nothing where it can */
async function tryPort(port: number): Promise<string | undefined> {
  const server = createServer();
  try {
    await listenOn(server, HOST, port);
    return undefined;
  } catch (error) {
    const [found] = error instanceof UsageError ? error.problems : [];
    if (found?.code === problem('PORT_IN_USE', { host: HOST, port }).code) {
      return `is taken by ${describe(await findListener(port))}`;
    }
    return found?.message ?? 'cannot be listened on';
  } finally {
    server.close();
  }
}

function describe(holder: Process | undefined): string {
  if (!holder) return 'somebody whom /proc does not show';
  const [program = '', ...args] = holder.command;
  const line = [basename(program), ...args].join(' ');
  const shown = line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN)}...` : line;
  return `process ${holder.pid} (${shown})`;
}
