import { renderDuration } from '../scenario/duration.ts';
import { LOG_PREFIX, type TimedRule } from './rule.ts';

/** How long a connection may take to agree on TLS and an HTTP version. */
export const HANDSHAKE_LIMIT_MS = 30_000;

/** Ours, in every profile: a ClientHello that never ends must not hold a connection for ever. */
export const handshake: TimedRule = ({ servedAt, protocol }, _service, nowMs) => {
  if (protocol || nowMs - servedAt < HANDSHAKE_LIMIT_MS) return undefined;
  const limit = renderDuration(HANDSHAKE_LIMIT_MS);
  return {
    rule: 'handshake',
    how: 'reset',
    did: `no complete TLS handshake within ${limit}`,
    line: `${LOG_PREFIX} TLS handshake not finished in ${limit} -> reset`,
  };
};
