import { z } from 'zod';
import { errorCode, errorCodes } from '../error-codes.ts';
import { defineFault } from '../fault.ts';

const MAX_STREAM_ID = 2 ** 31 - 1;

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
  contradiction: ({ lastStreamId = 1 }, { on }) => {
    if (lastStreamId !== 0 && lastStreamId % 2 === 0)
      return contradict(
        'The streams of a client have odd numbers.',
        `Write ${lastStreamId - 1} or ${lastStreamId + 1}.`,
      );
    // nghttp2 takes 0 for "the highest stream seen so far", and on these hooks that is this one at least.
    if (lastStreamId === 0 && on !== 'session')
      return contradict(
        'By now a stream has been seen, so GOAWAY cannot say that there was none.',
        'Write `on: session`, or end the stream: `end: { at: before-commit, how: rst-stream, code: REFUSED_STREAM }`.',
      );
    return undefined;
  },
  explain: ({ code, lastStreamId, graceful }) =>
    `send ${graceful ? 'a warning and then ' : ''}GOAWAY ${code}, last stream ${lastStreamId ?? 'seen so far'}`,
  apply({ plan }, { code, lastStreamId, graceful }) {
    plan.goaway ??= { code: errorCodes[code], lastStreamId, graceful };
  },
});

const contradict = (reason: string, instead: string) => ({ param: 'lastStreamId', reason, instead });
