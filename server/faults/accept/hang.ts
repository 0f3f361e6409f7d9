import { z } from 'zod';
import { defineFault } from '../fault.ts';

/** A connection that TCP accepts and nobody serves: only the client's own handshake timeout gets it out of there. */
export const hang = defineFault({
  name: 'hang',
  on: ['accept'],
  summary: 'Accepts a connection and then never reads from it nor writes to it.',
  params: z.strictObject({}),
  decides: 'end',
  explain: () => 'accept the connection and leave it unanswered',
  apply({ plan }) {
    plan.end ??= { at: 'accept', how: 'hang' };
  },
});
