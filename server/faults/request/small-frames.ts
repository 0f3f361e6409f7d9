import { z } from 'zod';
import { defineFault } from '../fault.ts';

/** Below what one DATA frame may hold, so that each piece is a frame. */
const MAX_PIECE_BYTES = 16_000;

/** gRPC's interop tests send 5 bytes a frame: a client must put together what belongs together, and count padding. */
export const smallFrames = defineFault({
  name: 'small-frames',
  on: ['request', 'response'],
  summary: 'Sends the body in small DATA frames; on HTTP/1.1 in small writes.',
  params: z.strictObject({
    bytes: z.int().min(1).max(MAX_PIECE_BYTES).default(5).describe('How much of the body each holds.'),
  }),
  explain: ({ bytes }) => `send the body in frames of ${bytes} bytes`,
  apply({ plan }, { bytes }) {
    plan.pieceBytes ??= bytes;
  },
});
