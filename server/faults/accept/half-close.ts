import { z } from 'zod';
import { defineFault } from '../fault.ts';
import { transportOf } from './transport.ts';

/**
 * A FIN that no TLS close_notify announces. The other direction stays open: what the client sends is still carried out, and
 * the answer is lost. Reference, A7: a client that does not answer the FIN with its own is reset.
 */
export const halfClose = defineFault({
  name: 'half-close',
  on: ['accept'],
  summary: "Closes the service's side of the connection with a FIN and goes on reading the client's.",
  params: z.strictObject({
    afterBytes: z.int().min(0).default(0).describe('How many bytes go out before it, TLS records and all.'),
  }),
  decides: 'end',
  explain: ({ afterBytes }) =>
    `send FIN ${afterBytes > 0 ? `after ${afterBytes} bytes` : 'as soon as the connection is accepted'} and read on`,
  apply({ plan }, { afterBytes }) {
    // Without a byte of ours there is no TLS: nothing of what is read would ever make sense.
    if (afterBytes === 0) plan.end ??= { at: 'accept', how: 'fin' };
    else transportOf(plan).halfClose ??= { afterBytes };
  },
});
