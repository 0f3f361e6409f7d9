import { z } from 'zod';
import { defineFault } from '../fault.ts';

/** Like `slow-body`, of results alone: a timeout over the whole download is wrong, one over its standing still is right. */
export const slow = defineFault({
  name: 'slow',
  on: ['video'],
  summary: 'Sends a result at a crawl.',
  params: z.strictObject({
    bytesPerSecond: z.number().positive().describe('Pace of the file, in the time of the service.'),
  }),
  decides: 'pace',
  shapes: 'body',
  explain: ({ bytesPerSecond }) => `send the file at ${bytesPerSecond} bytes a second`,
  apply({ plan }, { bytesPerSecond }) {
    plan.bytesPerSecond ??= bytesPerSecond;
  },
});
