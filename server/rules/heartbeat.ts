import { renderDuration } from '../scenario/duration.ts';
import type { Service } from '../scenario/scenario.ts';
import { LOG_PREFIX, type TimedRule } from './rule.ts';

/** A PING whose bytes are further than this from the server's clock does not carry a time. */
const PLAUSIBLE_SKEW_MS = 24 * 3_600_000;

/** A6: no heartbeat for 30 s is a reset, even if the connection is busy. The count starts when the connection opens. */
export const heartbeat: TimedRule = ({ heartbeatAt }, { heartbeat }, nowMs) => {
  if (!heartbeat || nowMs - heartbeatAt < heartbeat.withinMs) return undefined;
  const within = renderDuration(heartbeat.withinMs);
  return {
    rule: 'heartbeat',
    how: heartbeat.then,
    did: `the latest heartbeat is ${within} old by ${heartbeat.judgedBy === 'client' ? "the client's own clock" : 'arrival'}`,
    line: `${LOG_PREFIX} heartbeat ${within} -> ${heartbeat.then}`,
  };
};

/** How old a heartbeat is when it arrives, and whose clock says so. */
export interface Beat {
  readonly ageMs: number;
  readonly judgedBy: 'client' | 'arrival';
}

/**
 * Judges a heartbeat on arrival: by the time the client reported, or by its arrival when it reported none that makes sense.
 *
 * @param reportedMs what the client says the time is, Unix milliseconds; `undefined` = it did not say
 * @param wallMs the server's real time
 */
export function judgeBeat(reportedMs: number | undefined, wallMs: number, service: Service): Beat {
  const plausible = reportedMs !== undefined && Math.abs(wallMs - reportedMs) <= PLAUSIBLE_SKEW_MS;
  return plausible && service.heartbeat?.judgedBy !== 'server'
    ? { ageMs: wallMs - reportedMs, judgedBy: 'client' }
    : { ageMs: 0, judgedBy: 'arrival' };
}

/** The time in the 8 opaque bytes of a PING: Unix milliseconds, big-endian. */
export const readPingTime = (payload: Uint8Array): number =>
  Number(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).readBigUInt64BE());

/** The time in `x-client-timestamp` or in the heartbeat endpoint's `timestamp`: Unix milliseconds, or RFC 3339. */
export function readReportedTime(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string') return undefined;
  if (/^\d+$/.test(value)) return Number(value);
  const ms = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}
