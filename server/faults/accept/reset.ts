import { z } from 'zod';
import { defineFault } from '../fault.ts';

/** A connection that is reset before its first byte: what a client sees of a crashed process or a full listen queue. */
export const reset = defineFault({
  name: 'reset',
  on: ['accept'],
  summary: 'Resets a connection as soon as it is accepted.',
  params: z.strictObject({}),
  decides: 'end',
  explain: () => 'reset the connection as soon as it is accepted',
  apply({ plan }) {
    plan.end ??= { at: 'accept', how: 'reset' };
  },
});
