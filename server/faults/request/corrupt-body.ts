import { z } from 'zod';
import type { Occasion } from '../../scenario/scenario.ts';
import { defineFault } from '../fault.ts';

const BLANK = 0x20;
/** Enough to ruin any body; what shall ruin all of it is a `cut`. */
const MAX_FLIPS = 10_000;

/** The length stays right and TLS intact, so only a client that looks at the content notices. */
export const corruptBody = defineFault({
  name: 'corrupt-body',
  on: ['request', 'response'],
  summary: 'Sends a body of the right length whose bytes are not right.',
  params: z.strictObject({
    how: z
      .enum(['flip', 'cut'])
      .default('flip')
      .describe('One bit of a byte flipped, or blanks to the end, which leaves JSON without its end.'),
    from: z
      .int()
      .min(0)
      .optional()
      .describe('The first byte that may be hit; left out, 0 for a flip, and for a cut one that is drawn.'),
    flips: z.int().min(1).max(MAX_FLIPS).optional().describe('How many bytes are hit; left out, 1.'),
  }),
  decides: 'body',
  shapes: 'body',
  contradiction: ({ how, flips }) =>
    how === 'cut' && flips !== undefined
      ? { param: 'flips', reason: 'A cut flips nothing.', instead: 'Leave `flips` out, or write `how: flip`.' }
      : undefined,
  explain: ({ how, from, flips = 1 }) => {
    const what =
      how === 'cut' ? 'blank the body' : `flip a bit in ${flips === 1 ? 'one byte' : `${flips} bytes`} of the body`;
    return from === undefined ? what : `${what} from byte ${from} on`;
  },
  apply({ plan }, { how, from, flips = 1 }, { draw }) {
    plan.changeBody ??= (body) => (how === 'cut' ? blank(body, from, draw) : flip(body, from ?? 0, flips, draw));
  },
});

type Draw = Occasion['draw'];

function blank(body: Uint8Array, from: number | undefined, draw: Draw): Uint8Array {
  return Uint8Array.from(body).fill(BLANK, from ?? Math.floor(draw('cut') * body.byteLength));
}

/** Hits one byte in each of as many equal parts, so that no two flips undo each other. */
function flip(body: Uint8Array, from: number, flips: number, draw: Draw): Uint8Array {
  const flipped = Uint8Array.from(body);
  const span = body.byteLength - from;
  const count = Math.min(flips, Math.max(span, 0));
  for (let part = 0; part < count; part++) {
    const starts = Math.floor((part * span) / count);
    const ends = Math.floor(((part + 1) * span) / count);
    const at = from + starts + Math.floor(draw(`byte ${part}`) * (ends - starts));
    flipped[at] = (flipped[at] ?? 0) ^ (1 << Math.floor(draw(`bit ${part}`) * 8));
  }
  return flipped;
}
