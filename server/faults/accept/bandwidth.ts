import { z } from 'zod';
import { defineFault } from '../fault.ts';
import { direction, explainDirection, waysOf } from './transport.ts';

/** A thin line: handshake, headers and bodies of a connection share it. The thinnest of several counts. */
export const bandwidth = defineFault({
  name: 'bandwidth',
  on: ['accept'],
  summary: 'Carries the bytes of a connection at a limited pace, TLS records and all.',
  params: z.strictObject({
    bytesPerSecond: z.number().positive().describe('Pace of each direction, in the time of the service.'),
    direction: direction(),
  }),
  explain: ({ bytesPerSecond, direction }) => `carry ${bytesPerSecond} bytes a second ${explainDirection(direction)}`,
  apply({ plan }, { bytesPerSecond, direction }) {
    for (const way of waysOf(plan, direction)) {
      way.bytesPerSecond = Math.min(way.bytesPerSecond ?? Number.POSITIVE_INFINITY, bytesPerSecond);
    }
  },
});
