import { z } from 'zod';
import { delay, renderDuration } from '../../scenario/duration.ts';
import { defineFault } from '../fault.ts';
import { transportOf } from './transport.ts';

/** TCP is a stream: a frame, a header or a TLS record may arrive in any number of reads, down to single bytes. */
export const slice = defineFault({
  name: 'slice',
  on: ['accept'],
  summary: 'Cuts what the service sends into small TCP segments.',
  params: z.strictObject({
    bytes: z.int().min(1).max(16_384).describe('Size of a segment.'),
    delay: delay().default(0).describe('How long after a segment the next one follows.'),
  }),
  decides: 'segments',
  explain: ({ bytes, delay }) =>
    `send segments of ${bytes} bytes at most${delay > 0 ? `, ${renderDuration(delay)} apart` : ''}`,
  apply({ plan }, { bytes, delay }) {
    transportOf(plan).toClient.slice ??= { bytes, delayMs: delay };
  },
});
