import { z } from 'zod';
import { defineFault } from '../fault.ts';
import { explainFrames, frameType, frameTypes, listNth, MAX_FRAME_BYTES, nthFrame } from '../frame-types.ts';
import type { FrameDeed } from '../plans.ts';

const MAX_FLIPPED_BITS = 1_024;

/** TLS carries what is wrong faithfully: a client has to notice by HTTP/2 alone. */
export const corruptFrame = defineFault({
  name: 'corrupt-frame',
  on: ['session'],
  summary: 'Turns over bits in the payload of frames that the server sends, or misstates their length.',
  params: z.strictObject({
    type: frameType.describe('RFC 9113, section 6.'),
    bits: z
      .int()
      .min(1)
      .max(MAX_FLIPPED_BITS)
      .optional()
      .describe('How many bits, at places that the seed repeats; left out, 1.'),
    lengthBy: z
      .int()
      .min(-MAX_FRAME_BYTES)
      .max(MAX_FRAME_BYTES)
      .optional()
      .describe('In place of bits: so many bytes too much, or too few, in the header.'),
    nth: nthFrame,
  }),
  needs: 'frames',
  contradiction: ({ bits, lengthBy }) => {
    if (lengthBy === 0)
      return { param: 'lengthBy', reason: 'That is the right length.', instead: 'Write `lengthBy: 1`.' };
    return bits !== undefined && lengthBy !== undefined
      ? { param: 'lengthBy', reason: 'A frame has wrong bits or a wrong length.', instead: 'Leave one of them out.' }
      : undefined;
  },
  explain: ({ type, bits = 1, lengthBy, nth }) =>
    lengthBy === undefined
      ? `turn over ${bits} bit${bits > 1 ? 's' : ''} in ${explainFrames(type, nth)}`
      : `misstate the length of ${explainFrames(type, nth)} by ${lengthBy} bytes`,
  apply({ plan }, { type, bits = 1, lengthBy, nth }) {
    const deed: FrameDeed =
      lengthBy === undefined ? { how: 'flip', bits } : { how: 'misstate-length', byBytes: lengthBy };
    const rule = { direction: 'to-client', type: frameTypes[type], nth: listNth(nth), deed } as const;
    plan.frameRules = [...(plan.frameRules ?? []), rule];
  },
});
