import { frameFlags, frameTypes } from '../faults/frame-types.ts';
import type { Frame, FrameDeed } from '../faults/plans.ts';
import { encodeFrame } from './frames.ts';

/** A frame on its way to the client, as far as it differs from what its header and payload say. */
export interface Outgoing extends Frame {
  /** How much longer than its payload its header claims it to be. */
  readonly lengthError?: number;
  /** Frames that follow at once. */
  readonly tail?: Buffer;
}

/** What a fault makes of a frame.
 * @param roll chance, in [0, 1), for the how-manieth thing that is drawn
 * @returns undefined when nothing is left of it */
export function carryOutDeed(frame: Outgoing, deed: FrameDeed, roll: (draw: number) => number): Outgoing | undefined {
  switch (deed.how) {
    case 'drop':
      return undefined;
    case 'delay':
      return frame;
    case 'flip':
      return { ...frame, payload: flipBits(frame.payload, deed.bits, roll) };
    case 'misstate-length':
      return { ...frame, lengthError: deed.byBytes };
    case 'swell':
      return swell(frame, deed);
  }
}

export function encodeOutgoing({ lengthError = 0, tail, ...frame }: Outgoing): Buffer {
  const bytes = encodeFrame(frame, frame.payload.byteLength + lengthError);
  return tail ? Buffer.concat([bytes, tail]) : bytes;
}

/** Each draw turns over one bit; two draws of the same bit leave it as it was, as noise on a line does. */
function flipBits(payload: Uint8Array, bits: number, roll: (draw: number) => number): Uint8Array {
  const flipped = Uint8Array.from(payload);
  for (let draw = 0; draw < bits && flipped.length > 0; draw++) {
    const bit = Math.floor(roll(draw) * flipped.length * 8);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  }
  return flipped;
}

function swell(frame: Outgoing, { fields, valueBytes, endless }: Extract<FrameDeed, { how: 'swell' }>): Outgoing {
  // A block that goes on in frames of nghttp2's own cannot be made longer here, in its middle.
  if (frame.type !== frameTypes.HEADERS || (frame.flags & frameFlags.END_HEADERS) === 0) return frame;
  const payload = encodeField('x-filler', 'a'.repeat(valueBytes));
  const more = { type: frameTypes.CONTINUATION, flags: 0, stream: frame.stream, payload };
  const middle = encodeFrame(more);
  const last = endless ? middle : encodeFrame({ ...more, flags: frameFlags.END_HEADERS });
  const tail = Buffer.concat([...Array.from({ length: fields - 1 }, () => middle), last]);
  return { ...frame, flags: frame.flags & ~frameFlags.END_HEADERS, tail };
}

/** RFC 7541, section 6.2.2: a literal field without indexing, which leaves the tables of both sides as they are. */
const encodeField = (name: string, value: string): Buffer =>
  Buffer.concat([Buffer.of(0), encodeText(name), encodeText(value)]);

const encodeText = (text: string): Buffer => Buffer.concat([encodeLength(text.length), Buffer.from(text, 'latin1')]);

/** RFC 7541, section 5.1, with a prefix of 7 bits: up to 126 as it is, what is above in groups of 7 bits. */
function encodeLength(length: number): Buffer {
  if (length < 127) return Buffer.of(length);
  const groups: number[] = [];
  let rest = length - 127;
  for (; rest > 127; rest >>= 7) groups.push((rest & 127) | 128);
  return Buffer.of(127, ...groups, rest);
}
