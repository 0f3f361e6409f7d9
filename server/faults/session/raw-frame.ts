import { z } from 'zod';
import { defineFault } from '../fault.ts';
import { frameType, frameTypes, MAX_STREAM_ID } from '../frame-types.ts';
import type { ExtraFrame } from '../plans.ts';

/** As long as a frame of 16,384 bytes and its header. */
const MAX_HEX_BYTES = 16_393;
const MAX_BYTE = 255;

const hex = z
  .string()
  .regex(/^([0-9a-f]{2}\s*)+$/i, { error: 'Write bytes as pairs of hexadecimal digits: "0000 08 06 00 00000000".' })
  .refine((text) => bytesOf(text).length <= MAX_HEX_BYTES, { error: `Give it ${MAX_HEX_BYTES} bytes at most.` });

/** The way out for what has no fault of its own. */
export const rawFrame = defineFault({
  name: 'raw-frame',
  on: ['session', 'request', 'response'],
  summary:
    'Sends a frame, or any bytes, as they are written: as a session begins, with a request, or before its answer.',
  params: z.strictObject({
    hex: hex.optional().describe('The whole frame, or what is not one; in place of the others.'),
    type: z
      .union([frameType, z.int().min(0).max(MAX_BYTE)])
      .optional()
      .describe('By name, or as a number.'),
    flags: z.int().min(0).max(MAX_BYTE).optional().describe('RFC 9113, section 6; left out, 0.'),
    stream: z
      .int()
      .min(0)
      .max(MAX_STREAM_ID)
      .optional()
      .describe('Left out, the stream of the request; on `session` 0.'),
    payload: hex.optional().describe('In hexadecimal digits; left out, none.'),
  }),
  needs: 'frames',
  contradiction: ({ hex: whole, type, flags, stream, payload }) => {
    if (whole === undefined && type === undefined)
      return { param: '', reason: 'There is nothing to send.', instead: 'Give it a `type`, or the whole as `hex`.' };
    const [beside] = Object.entries({ type, flags, stream, payload }).find(([, value]) => value !== undefined) ?? [];
    return whole !== undefined && beside !== undefined
      ? { param: beside, reason: 'The bytes of `hex` are all that is sent.', instead: `Leave \`${beside}\` out.` }
      : undefined;
  },
  explain: ({ hex: whole, type, stream }) =>
    whole === undefined
      ? `send a frame of type ${type}${stream === undefined ? '' : ` on stream ${stream}`}`
      : `send ${bytesOf(whole).length} bytes as they are`,
  // Only HTTP/2 has frames; and a connection opened while nobody needed them cannot be given any.
  applies: (context) => !('stage' in context) || context.frames === 'in-reach',
  apply({ plan }, params) {
    plan.extraFrames = [...(plan.extraFrames ?? []), { frame: frameOf(params), count: 1 }];
  },
});

interface Params {
  readonly hex?: string | undefined;
  readonly type?: keyof typeof frameTypes | number | undefined;
  readonly flags?: number | undefined;
  readonly stream?: number | undefined;
  readonly payload?: string | undefined;
}

function frameOf({ hex: whole, type = 0, flags = 0, stream, payload = '' }: Params): ExtraFrame['frame'] {
  if (whole !== undefined) return bytesOf(whole);
  return { type: typeof type === 'number' ? type : frameTypes[type], flags, stream, payload: bytesOf(payload) };
}

const bytesOf = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
