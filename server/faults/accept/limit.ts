import { z } from 'zod';
import { defineFault } from '../fault.ts';

/** Reference, B10: more calls than connections. A hang looks like a dropped SYN, which clients report as a reset. */
export const limit = defineFault({
  name: 'limit',
  on: ['accept'],
  summary: 'Lets only so many connections be open at once, and turns away those above.',
  params: z.strictObject({
    max: z.int().min(0).describe('How many may be open at once.'),
    overflow: z.enum(['reset', 'hang']).default('reset').describe('What the ones above meet.'),
  }),
  decides: 'end',
  explain: ({ max, overflow }) =>
    `${overflow === 'hang' ? 'leave the connection unanswered' : 'reset the connection'}, as more than ${max} are open`,
  // `openConnections` counts the one that has just been accepted.
  applies: ({ openConnections }, { max }) => openConnections > max,
  apply({ plan }, { overflow }) {
    plan.end ??= { at: 'accept', how: overflow };
  },
});
