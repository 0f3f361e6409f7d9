import { defineFault } from '../fault.ts';
import { delayContradiction, delayParams, explainDelay, lengthOf } from '../request/delay.ts';

/** Reference, B9: over 3 s, and the client has given up before it ever opened a connection. Delays of one query add up. */
export const delay = defineFault({
  name: 'delay',
  on: ['dns'],
  summary: 'Waits before a DNS query is answered: so long, or as long as is drawn.',
  params: delayParams,
  contradiction: delayContradiction,
  explain: explainDelay,
  apply({ plan }, length, occasion) {
    plan.delayMs += lengthOf(length, occasion);
  },
});
