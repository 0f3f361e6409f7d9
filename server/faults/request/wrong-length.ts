import { z } from 'zod';
import { defineFault } from '../fault.ts';

/**
 * RFC 9113, section 8.1.1: over HTTP/2 the message is malformed, and the client ends the stream with PROTOCOL_ERROR. Over
 * HTTP/1.1 it waits for bytes that never come, or takes those it did not expect for the start of the next answer.
 */
export const wrongLength = defineFault({
  name: 'wrong-length',
  on: ['request', 'response'],
  summary: 'Says in Content-Length that the body is longer or shorter than it is.',
  params: z.strictObject({
    by: z
      .int()
      .refine((by) => by !== 0, { error: 'Write how many bytes too many, or below 0 how many too few.' })
      .describe('Bytes too many, or below 0 too few; what is said is never below 0.'),
  }),
  decides: 'length',
  shapes: 'head',
  explain: ({ by }) => `announce ${Math.abs(by)} bytes ${by > 0 ? 'more' : 'fewer'} than the body has`,
  apply({ plan }, { by }) {
    plan.lengthOffBy ??= by;
  },
});
