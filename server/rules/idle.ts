import { renderDuration } from '../scenario/duration.ts';
import { LOG_PREFIX, type TimedRule } from './rule.ts';

/** A5: no traffic for 8 s is a reset, whatever the client's own timeout says, and also while it waits for an answer. */
export const idle: TimedRule = ({ lastTrafficAt }, { idle }, nowMs) => {
  if (!idle || nowMs - lastTrafficAt < idle.afterMs) return undefined;
  const after = renderDuration(idle.afterMs);
  return {
    rule: 'idle',
    how: idle.then,
    did: `no traffic for ${after}; a PING every few seconds keeps a connection`,
    line: `${LOG_PREFIX} idle ${after} -> ${idle.then}`,
  };
};
