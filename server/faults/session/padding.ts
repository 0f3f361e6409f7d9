import { z } from 'zod';
import { defineFault } from '../fault.ts';

/** RFC 9113, section 6.1: padding counts for flow control, which a client that forgets it gets wrong by and by. */
export const padding = defineFault({
  name: 'padding',
  on: ['session'],
  summary: 'Pads every DATA and HEADERS frame with as much as it can hold, 255 bytes.',
  params: z.strictObject({}),
  explain: () => 'pad every frame',
  apply({ plan }) {
    plan.padded = true;
  },
});
