import { z } from 'zod';
import { errorCodes } from '../error-codes.ts';
import { EXACT_BYTES } from '../exact-bytes.ts';
import { exactlyOneOf } from '../exactly-one.ts';
import { defineFault } from '../fault.ts';

/** Content-Length announces all of it, so a client can tell that it has only a part, and ask for the rest by Range. */
export const truncated = defineFault({
  name: 'truncated',
  on: ['video'],
  summary: 'Ends the download of a result in its middle.',
  params: exactlyOneOf(
    ['afterBytes', 'share'],
    z.strictObject({
      afterBytes: z.int().min(0).optional().describe(`How many bytes are sent. ${EXACT_BYTES}`),
      share: z.number().min(0).lt(1).optional().describe('What share of them is sent, from 0 to below 1.'),
      how: z
        .enum(['reset', 'fin', 'rst-stream'])
        .default('reset')
        .describe('How it ends: the connection, or over HTTP/2 the stream alone.'),
    }),
  ),
  decides: 'end',
  explain: ({ afterBytes, share = 0, how }) =>
    `${words[how]} after ${afterBytes === undefined ? `a share of ${share} of the file` : `${afterBytes} bytes of the file`}`,
  apply({ plan }, { afterBytes, share = 0, how }) {
    const at = afterBytes === undefined ? { share } : { bodyBytes: afterBytes };
    plan.end ??= { at, how, code: errorCodes.INTERNAL_ERROR };
  },
});

const words = { reset: 'reset the connection', fin: 'close the connection', 'rst-stream': 'reset the stream' } as const;
