import { z } from 'zod';
import { errorCode, errorCodes } from '../error-codes.ts';
import { defineFault } from '../fault.ts';
import { MAX_STREAM_ID } from '../frame-types.ts';

/** RFC 9113, section 6.8: streams above `lastStreamId` were never processed, so the client may retry them. */
export const goaway = defineFault({
  name: 'goaway',
  on: ['session', 'request', 'response'],
  summary: 'Announces the end of the connection while streams are still open.',
  params: z.strictObject({
    code: errorCode.default('NO_ERROR').describe('RFC 9113, section 7.'),
    lastStreamId: z.int().min(0).max(MAX_STREAM_ID).optional().describe('Left out, the highest stream seen so far.'),
    graceful: z.boolean().default(false).describe(`First a GOAWAY that names ${MAX_STREAM_ID}, then the real one.`),
  }),
  decides: 'goaway',
  needs: (params) => (isOwnFrame(params) ? 'frames' : undefined),
  applies: (context, params) => !isOwnFrame(params) || !('frames' in context) || context.frames !== 'out-of-reach',
  explain: ({ code, lastStreamId, graceful }) =>
    `send ${graceful ? 'a warning and then ' : ''}GOAWAY ${code}, last stream ${lastStreamId ?? 'seen so far'}`,
  apply({ plan }, { code, lastStreamId, graceful }) {
    plan.goaway ??= { code: errorCodes[code], lastStreamId, graceful };
  },
});

/** nghttp2 takes 0 for "the highest stream seen so far", refuses the even numbers of a server's own streams, and stops reading
 * after a warning: those go out as frames of our own. */
const isOwnFrame = ({
  lastStreamId = 1,
  graceful,
}: {
  lastStreamId?: number | undefined;
  graceful: boolean;
}): boolean => graceful || lastStreamId % 2 === 0;
