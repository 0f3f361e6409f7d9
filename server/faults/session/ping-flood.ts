import { z } from 'zod';
import { defineFault } from '../fault.ts';
import { explainFlood, flood, frameTypes } from '../frame-types.ts';

/** RFC 9113, section 10.5: a client has to acknowledge each, or to give up the connection with ENHANCE_YOUR_CALM. */
export const pingFlood = defineFault({
  name: 'ping-flood',
  on: ['session'],
  summary: 'Sends PINGs that the client has to acknowledge.',
  params: z.strictObject(flood),
  needs: 'frames',
  explain: ({ count, perSecond }) => explainFlood('PING', count, perSecond),
  apply({ plan }, { count, perSecond }) {
    const frame = { type: frameTypes.PING, flags: 0, stream: 0, payload: Buffer.from('mockping') };
    plan.extraFrames = [...(plan.extraFrames ?? []), { frame, count, perSecond }];
  },
});
