import { judgeBeat } from '../rules/heartbeat.ts';
import type { Connection } from './connection.ts';

/** Notes a heartbeat: from now on the connection's heartbeat is as old as the client's clock says (reference, rule A6).
 * @param reportedMs the time the client reported, Unix milliseconds */
export function noteBeat(
  connection: Connection,
  source: 'ping' | 'header' | 'endpoint',
  reportedMs: number | undefined,
): void {
  // The storage knows no heartbeats.
  if (connection.storage) return;
  const { clock, service } = connection.lane;
  const { ageMs, judgedBy } = judgeBeat(reportedMs, clock.wallNow(), service);
  connection.note({ type: 'heartbeat', source, ageMs, judgedBy });
  connection.heartbeatAt = clock.now() - ageMs;
}
