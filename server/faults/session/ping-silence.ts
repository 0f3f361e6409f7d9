import { z } from 'zod';
import { defineFault } from '../fault.ts';
import { frameTypes } from '../frame-types.ts';

/** A peer that is alive for TCP and dead for HTTP/2: only a client that waits for the answer to its PINGs finds out. */
export const pingSilence = defineFault({
  name: 'ping-silence',
  on: ['session'],
  summary: 'Never acknowledges a PING; everything else goes its way, and the PINGs count as heartbeats all the same.',
  params: z.strictObject({}),
  needs: 'frames',
  explain: () => 'acknowledge no PING',
  apply({ plan }) {
    plan.frameRules = [
      ...(plan.frameRules ?? []),
      { direction: 'to-client', type: frameTypes.PING, ack: true, deed: { how: 'drop' } },
    ];
  },
});
