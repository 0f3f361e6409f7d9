import { z } from 'zod';
import { defineFault } from '../fault.ts';
import { explainFlood, flood, frameTypes } from '../frame-types.ts';

/** RFC 9113, section 10.5: each has to be acknowledged, or the connection given up with ENHANCE_YOUR_CALM. */
export const settingsFlood = defineFault({
  name: 'settings-flood',
  on: ['session'],
  summary: 'Sends SETTINGS that change nothing, and that the client has to acknowledge.',
  params: z.strictObject(flood),
  needs: 'frames',
  explain: ({ count, perSecond }) => explainFlood('SETTINGS', count, perSecond),
  apply({ plan }, { count, perSecond }) {
    const frame = { type: frameTypes.SETTINGS, flags: 0, stream: 0, payload: Buffer.alloc(0) };
    plan.extraFrames = [...(plan.extraFrames ?? []), { frame, count, perSecond }];
  },
});
