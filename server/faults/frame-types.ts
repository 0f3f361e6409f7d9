import { z } from 'zod';
import type { Contradiction } from './fault.ts';

/** The frame types of HTTP/2, RFC 9113 section 6, as the number on the wire. */
export const frameTypes = {
  DATA: 0x0,
  HEADERS: 0x1,
  PRIORITY: 0x2,
  RST_STREAM: 0x3,
  SETTINGS: 0x4,
  PUSH_PROMISE: 0x5,
  PING: 0x6,
  GOAWAY: 0x7,
  WINDOW_UPDATE: 0x8,
  CONTINUATION: 0x9,
} as const;

export type FrameType = keyof typeof frameTypes;

/** Scenario schema of a frame type: the RFC's name for it. */
export const frameType = z.enum(Object.keys(frameTypes) as [FrameType, ...FrameType[]]);

/** The flags that matter here; their meaning depends on the frame's type. */
export const frameFlags = { ACK: 0x1, END_STREAM: 0x1, END_HEADERS: 0x4, PADDED: 0x8, PRIORITY: 0x20 } as const;

/** RFC 9113, section 4.1: a stream identifier has 31 bits. */
export const MAX_STREAM_ID = 2 ** 31 - 1;

/** RFC 9113, section 4.2: a peer that has said nothing else takes no larger payload. */
export const MAX_FRAME_BYTES = 16_384;

const ordinal = z.int().min(1);

/** Scenario schema of which frames of a kind are struck. */
export const nthFrame = z
  .union([ordinal, z.array(ordinal).min(1)])
  .optional()
  .describe('The 3rd of them on the connection, or the 3rd and the 5th; left out, every one.');

/** What `nthFrame` let through, as a list. */
export const listNth = (nth: number | number[] | undefined): readonly number[] | undefined =>
  nth === undefined ? undefined : [nth].flat();

/** Which frames of a type are meant, in words: `each PING`, `DATA number 3`. */
export const explainFrames = (type: FrameType, nth: number | number[] | undefined): string =>
  nth === undefined ? `each ${type}` : `${type} number ${[nth].flat().join(' and ')}`;

/** More frames than any client has to take at once, and few enough to be sent in a moment. */
export const MAX_FLOOD_FRAMES = 10_000;
/** Timers are no finer than a millisecond. */
export const MAX_FRAMES_PER_SECOND = 1_000;

/** Settings of a fault that sends many frames. */
export const flood = {
  count: z.int().min(1).max(MAX_FLOOD_FRAMES).default(1_000).describe('How many.'),
  perSecond: z.number().positive().max(MAX_FRAMES_PER_SECOND).optional().describe('Left out, all at once.'),
};

/** What a flood does, in words. */
export const explainFlood = (type: FrameType, count: number, perSecond: number | undefined): string =>
  `send ${count} ${type} frames${perSecond === undefined ? ' at once' : `, ${perSecond} a second`}`;

/** What the fields that are added to one answer may come to. */
const MAX_FILLER_BYTES = 16 * 1_024 ** 2;
/** A field of this length still fits into one frame. */
const MAX_VALUE_BYTES = 16_000;

/** Settings of a fault that adds header fields. */
export const headerFiller = {
  fields: z.int().min(1).max(MAX_FLOOD_FRAMES),
  valueBytes: z.int().min(0).max(MAX_VALUE_BYTES),
};

/** Why so many fields of such a length are too much, or undefined when they are not. */
export const tooMuchFiller = (fields: number, valueBytes: number, param: string): Contradiction | undefined =>
  fields * valueBytes > MAX_FILLER_BYTES
    ? { param, reason: `That is more than ${MAX_FILLER_BYTES} bytes.`, instead: 'Send fewer, or shorter ones.' }
    : undefined;
