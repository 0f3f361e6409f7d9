import { z } from 'zod';
import { defineFault } from '../fault.ts';

/** A body that trickles: headers are in time, so only a timeout on the whole answer or on its pace notices. */
export const slowBody = defineFault({
  name: 'slow-body',
  on: ['request', 'response'],
  summary: 'Sends the body at a crawl.',
  params: z.strictObject({
    bytesPerSecond: z.number().positive().describe('Pace of the body, in the time of the service.'),
  }),
  decides: 'pace',
  shapes: 'body',
  explain: ({ bytesPerSecond }) => `send the body at ${bytesPerSecond} bytes a second`,
  apply({ plan }, { bytesPerSecond }) {
    plan.bytesPerSecond ??= bytesPerSecond;
  },
});
