import { readdir, readFile, readlink } from 'node:fs/promises';

/** A process of this machine. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  /** As it was started: the program first. */
  readonly command: readonly string[];
}

/** Every process that we may look at; none where there is no /proc. */
export async function listProcesses(): Promise<readonly Process[]> {
  const entries = await readdir('/proc').catch(() => []);
  const found = await Promise.all(
    entries
      .filter((entry) => /^\d+$/.test(entry))
      .map(Number)
      .map(readProcess),
  );
  return found.flatMap((one) => one ?? []);
}

async function readProcess(pid: number): Promise<Process | undefined> {
  try {
    const [cmdline, stat] = await Promise.all([
      readFile(`/proc/${pid}/cmdline`, 'utf8'),
      readFile(`/proc/${pid}/stat`, 'utf8'),
    ]);
    // The name before the parent may hold anything, in brackets: proc_pid_stat(5).
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    return { pid, parent, command: cmdline.split('\0').filter(Boolean) };
  } catch {
    // It has ended meanwhile, or is none of our business.
    return undefined;
  }
}

/** Who listens on a TCP port, where /proc tells: proc_net_tcp(5). */
export async function findListener(port: number): Promise<Process | undefined> {
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFile(file, 'utf8').catch(() => '')),
  );
  const sockets = new Set(tables.flatMap((table) => listeningInodes(table, port)).map((inode) => `socket:[${inode}]`));
  if (sockets.size === 0) return undefined;
  for (const one of await listProcesses()) {
    const files = await readdir(`/proc/${one.pid}/fd`).catch(() => []);
    for (const file of files) {
      const target = await readlink(`/proc/${one.pid}/fd/${file}`).catch(() => '');
      if (sockets.has(target)) return one;
    }
  }
  return undefined;
}

const LISTENING = '0A';

/** The sockets of a table like /proc/net/tcp that listen on a port, by inode. */
export function listeningInodes(table: string, port: number): readonly string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([, local, , state, , , , , , inode]) =>
      state === LISTENING && local?.endsWith(suffix) && inode !== undefined ? [inode] : [],
    );
}
