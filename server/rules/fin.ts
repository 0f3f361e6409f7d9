import { renderDuration } from '../scenario/duration.ts';
import { LOG_PREFIX, type TimedRule } from './rule.ts';

/** A7: a client that does not answer the server's FIN with its own within 2 x RTO (about 400 ms) is reset. */
export const fin: TimedRule = ({ half }, { fin }, nowMs) => {
  if (!fin || !half || nowMs - half.at < fin.answerWithinMs) return undefined;
  const within = renderDuration(fin.answerWithinMs);
  return {
    rule: 'fin',
    how: 'reset',
    did: `the client did not close its side within ${within} of the server's FIN`,
    line: `${LOG_PREFIX} FIN unanswered ${within} -> reset`,
  };
};
