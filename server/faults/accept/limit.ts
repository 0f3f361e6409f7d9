import { z } from 'zod';
import { defineFault } from '../fault.ts';

const overflows = {
  reset: 'reset the connection, as more than',
  hang: 'leave the connection unanswered, as more than',
  queue: 'let the connection wait until another one ends, as more than',
  refuse: 'close the port until a connection ends, as',
} as const;

/**
 * Reference, B10: more calls than connections. All but `reset` only look like one: to a client whose timeout ends the wait,
 * or whose connect the kernel turns down. The journal tells them apart by `connection.queued`, `connection.hung` and
 * `listener.closed`.
 */
export const limit = defineFault({
  name: 'limit',
  on: ['accept'],
  summary: 'Lets only so many connections be open at once, and turns away those above.',
  params: z.strictObject({
    max: z.int().min(0).describe('How many may be open at once.'),
    overflow: z
      .enum(Object.keys(overflows) as [keyof typeof overflows, ...(keyof typeof overflows)[]])
      .default('reset')
      .describe('What the ones above meet; `refuse` closes the port while so many are open.'),
  }),
  decides: 'end',
  contradiction: ({ max, overflow }) =>
    max === 0 && (overflow === 'queue' || overflow === 'refuse')
      ? { reason: 'With none open there is none to end, and nobody is ever let in.', instead: INSTEAD, param: 'max' }
      : undefined,
  explain: ({ max, overflow }) => `${overflows[overflow]} ${max} are open`,
  // `openConnections` counts the one that has just been accepted.
  applies: ({ openConnections }, { max, overflow }) => openConnections > (overflow === 'refuse' ? max - 1 : max),
  apply({ plan }, { overflow }) {
    if (overflow === 'queue') plan.queued = true;
    else if (overflow !== 'refuse') plan.end ??= { at: 'accept', how: overflow };
  },
  hold({ openConnections, servedConnections }, { max, overflow }) {
    if (overflow === 'queue') return servedConnections >= max ? 'queue' : undefined;
    return overflow === 'refuse' && openConnections >= max ? 'refuse' : undefined;
  },
});

const INSTEAD = 'Write 1 or more, or use `hang` or `refuse`.';
