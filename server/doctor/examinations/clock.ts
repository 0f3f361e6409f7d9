import type { AdminView } from '../admin-view.ts';
import { type Examination, type Finding, fail, ok, unknown, warn } from '../examination.ts';

/** Beyond this a heartbeat that carries the client's time is too old when it arrives (reference, A6). */
const HEARTBEAT_TOLERANCE_MS = 30_000;
const NOTICEABLE_MS = 1_000;
/** A Date header leaves out what goes beyond whole seconds (RFC 9110, section 5.6.7). */
const DATE_STEP_MS = 1_000;

/** Heartbeats are judged by the client's clock against the server's. */
export const clock: Examination = {
  name: 'clock',
  summary: 'The clocks of this machine and of the server agree, as heartbeats need it.',
  only: 'target',
  examine: ({ admin }) => judgeClock(admin),
};

/** Judges what the server's Date header says: the least by which the clocks can differ. */
export function judgeClock({ time }: Pick<AdminView, 'time'>): Finding {
  if (!time) return unknown('the admin API did not tell the time', 'Name it with --admin.');
  const { serverMs, askedAtMs, answeredAtMs } = time;
  const aheadMs = Math.max(0, serverMs - answeredAtMs);
  const behindMs = Math.max(0, askedAtMs - (serverMs + DATE_STEP_MS));
  const skewMs = Math.max(aheadMs, behindMs);
  if (skewMs <= NOTICEABLE_MS) return ok('the server and this machine agree within a second');
  const seen = `the server is ${renderSeconds(skewMs)} ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine`;
  const remedy =
    'Set both by NTP (`timedatectl set-ntp true`); a virtual machine that has slept, as under Docker Desktop, is set right by its restart.';
  if (skewMs <= HEARTBEAT_TOLERANCE_MS) return warn(seen, remedy);
  return fail(`${seen}: a heartbeat that tells the time is judged by it, and 30 s are a reset`, remedy);
}

const renderSeconds = (ms: number) => `${Math.round(ms / 1_000)} s`;
