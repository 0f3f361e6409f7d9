import { judgeBeat } from '../rules/heartbeat.ts';
import type { Connection } from './connection.ts';

/** As much of a time that cannot be read goes into the journal. */
const VALUE_SHOWN = 40;

/** Notes a heartbeat: from now on the connection's heartbeat is as old as the client's clock says (reference, rule A6).
 * @param reportedMs the time the client reported, Unix milliseconds
 * @param value how it said so in `x-client-timestamp` */
export function noteBeat(
  connection: Connection,
  source: 'ping' | 'header' | 'endpoint',
  reportedMs: number | undefined,
  value?: string,
): void {
  // The storage knows no heartbeats.
  if (connection.storage) return;
  const { clock, service } = connection.lane;
  const { ageMs, judgedBy } = judgeBeat(reportedMs, clock.wallNow(), service);
  const isUnreadable = value !== undefined && judgedBy === 'arrival' && service.heartbeat?.judgedBy !== 'server';
  const unreadable = isUnreadable ? { unreadable: value.slice(0, VALUE_SHOWN) } : {};
  connection.note({ type: 'heartbeat', source, ageMs, judgedBy, ...unreadable });
  connection.heartbeatAt = clock.now() - ageMs;
}
