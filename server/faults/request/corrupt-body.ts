import { z } from 'zod';
import type { Occasion } from '../../scenario/scenario.ts';
import { defineFault } from '../fault.ts';
import type { ChangeBody } from '../plans.ts';

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
    plan.changeBody ??= (bodyBytes) =>
      how === 'cut' ? blank(bodyBytes, from, draw) : flip(bodyBytes, from ?? 0, flips, draw);
  },
});

type Draw = Occasion['draw'];

function blank(bodyBytes: number, from: number | undefined, draw: Draw): ReturnType<ChangeBody> {
  const first = from ?? Math.floor(draw('cut') * bodyBytes);
  return (piece, at) => Uint8Array.from(piece).fill(BLANK, Math.max(0, first - at));
}

/** Hits one byte in each of as many equal parts, so that no two flips undo each other. */
function flip(bodyBytes: number, from: number, flips: number, draw: Draw): ReturnType<ChangeBody> {
  const span = bodyBytes - from;
  const count = Math.min(flips, Math.max(span, 0));
  const hits = Array.from({ length: count }, (_, part) => {
    const starts = Math.floor((part * span) / count);
    const ends = Math.floor(((part + 1) * span) / count);
    return {
      place: from + starts + Math.floor(draw(`byte ${part}`) * (ends - starts)),
      bit: 1 << Math.floor(draw(`bit ${part}`) * 8),
    };
  });
  // Places and pieces both come in order, so each hit is looked at once.
  let next = 0;
  return (piece, at) => {
    const flipped = Uint8Array.from(piece);
    for (let hit = hits[next]; hit && hit.place < at + piece.byteLength; hit = hits[++next]) {
      const index = hit.place - at;
      flipped[index] = (flipped[index] ?? 0) ^ hit.bit;
    }
    return flipped;
  };
}
