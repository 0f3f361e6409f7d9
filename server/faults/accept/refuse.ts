import { z } from 'zod';
import { duration, renderDuration } from '../../scenario/duration.ts';
import { defineFault } from '../fault.ts';

/**
 * Nobody listens any more: a client's connect fails with ECONNREFUSED. The connections there are stay. With a `when` that
 * counts nothing it strikes when its time has come; else a connection strikes it, and is the last one, by reset.
 */
export const refuse = defineFault({
  name: 'refuse',
  on: ['accept'],
  summary: 'Closes the port, at a time or when a connection strikes it, which is reset; connections already open stay.',
  params: z.strictObject({
    for: duration({ minMs: 1 })
      .optional()
      .describe('How long; left out, until `to` where a time alone strikes it, else until it is disarmed.'),
  }),
  decides: 'end',
  byTime: true,
  explain: ({ for: forMs }) => `refuse connections${forMs === undefined ? '' : ` for ${renderDuration(forMs)}`}`,
  apply({ plan }) {
    plan.end ??= { at: 'accept', how: 'reset' };
  },
  hold: ({ sinceMs, nowMs }, { for: forMs = Number.POSITIVE_INFINITY }) =>
    nowMs - sinceMs < forMs ? 'refuse' : undefined,
});
