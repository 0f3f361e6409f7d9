import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { monotonicNow } from '../clock.ts';
import type { Connection } from './connection.ts';

/** The kernel's tables of TCP sockets (proc_pid_net(5)). Where there are none, what is in its queues is not known. */
const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'] as const;
/** Local port, remote port, state, and the bytes that the client's kernel has not acknowledged: all hexadecimal. */
const ROW = /:([\dA-F]{4}) [\dA-F]+:([\dA-F]{4}) [\dA-F]{2} ([\dA-F]{8}):/g;
/** How long a reset waits for its bytes to arrive, in real time: a client that does not read gets none of the rest. */
const ARRIVAL_LIMIT_MS = 1_000;
const LOOK_EVERY_MS = 3;
/** So much is with the client as soon as it is sent: half of the window that Linux begins with. To wait for its acknowledgement,
 * which a kernel may put off by 40 ms, would only make resets late. */
const SURE_BYTES = 32_768;

type Arrived = () => void;

const waiting = new Map<Connection, { readonly arrived: Arrived; readonly until: number }>();
let looking = false;

/**
 * Resolves once all that was sent on a connection has arrived at the client's kernel; after 1 s of real time; or at once
 * where the connection is gone, or the answers under way are short. A reset discards what is still in the send queue, so the exact byte at which an answer is
 * cut can be kept only by waiting. Where /proc/net/tcp does not exist it waits for our own queue alone.
 */
export function whenArrived(connection: Connection): Promise<void> {
  const sentBytes = [...connection.exchanges].reduce((sum, { bytesWritten }) => sum + bytesWritten, 0);
  if (sentBytes < SURE_BYTES && connection.unsentBytes === 0) return Promise.resolve();
  return new Promise((arrived) => {
    waiting.set(connection, { arrived, until: monotonicNow() + ARRIVAL_LIMIT_MS });
    if (!looking) void lookOn();
  });
}

/** One look a tick, for all that wait. */
async function lookOn(): Promise<void> {
  looking = true;
  while (waiting.size > 0) {
    const queues = readQueues(await Promise.all(TABLES.map(readTable)));
    for (const [connection, { arrived, until }] of waiting) {
      const { raw } = connection;
      const left = connection.unsentBytes + (queues.get(keyOf(raw.localPort, raw.remotePort)) ?? 0);
      if (left > 0 && !raw.destroyed && monotonicNow() < until) continue;
      waiting.delete(connection);
      arrived();
    }
    if (waiting.size > 0) await setTimeout(LOOK_EVERY_MS);
  }
  looking = false;
}

const readTable = (file: string): Promise<string> => readFile(file, 'latin1').catch(() => '');

/** Bytes in the send queue, by local and remote port. Hosts that share a remote port count as the one with the most. */
export function readQueues(tables: readonly string[]): ReadonlyMap<string, number> {
  const queues = new Map<string, number>();
  for (const [, local = '', remote = '', bytes = ''] of tables.flatMap((table) => [...table.matchAll(ROW)])) {
    const key = keyOf(Number.parseInt(local, 16), Number.parseInt(remote, 16));
    queues.set(key, Math.max(queues.get(key) ?? 0, Number.parseInt(bytes, 16)));
  }
  return queues;
}

const keyOf = (localPort: number | undefined, remotePort: number | undefined): string => `${localPort}:${remotePort}`;
