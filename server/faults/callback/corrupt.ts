import { z } from 'zod';
import { defineFault } from '../fault.ts';

const MAX_BYTES = 100;

/** What TCP's checksum lets through once in a while, and a bad proxy more often. Which bytes, and how, the seed decides. */
export const corrupt = defineFault({
  name: 'corrupt',
  on: ['callback'],
  summary:
    'Turns some bits of the body: it may be no JSON any more, or JSON that says something else. Its length stays.',
  params: z.strictObject({
    bytes: z.int().min(1).max(MAX_BYTES).default(1).describe('How many bytes arrive as others, spread over the body.'),
  }),
  explain: ({ bytes }) => `turn bits in ${bytes === 1 ? 'one byte' : `${bytes} bytes`} of its body`,
  applies: ({ plan }) => !plan.dropped,
  apply({ plan }, { bytes }, { draw }) {
    for (let index = 0; index < bytes; index++) {
      // Each in a part of its own, so that none is turned back.
      const at = (index + draw(`place ${index}`)) / bytes;
      plan.flips.push({ at, bits: 1 + Math.floor(draw(`bits ${index}`) * 255) });
    }
  },
});
