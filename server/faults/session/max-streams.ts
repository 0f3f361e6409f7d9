import { z } from 'zod';
import { defineFault } from '../fault.ts';

/** RFC 9113, section 5.1.2: streams that are open above a limit that falls stay open; the client just opens no more. */
export const maxStreams = defineFault({
  name: 'max-streams',
  on: ['session'],
  summary: 'Cuts SETTINGS_MAX_CONCURRENT_STREAMS while streams are open.',
  params: z.strictObject({
    max: z
      .int()
      .min(0)
      .max(2 ** 32 - 1)
      .describe('How many streams may be open from then on.'),
    after: z.int().min(0).default(1).describe('With which request of the connection; 0 = as the session begins.'),
  }),
  explain: ({ max, after }) =>
    `allow ${max} concurrent streams ${after === 0 ? 'from the start' : `from request ${after} on`}`,
  apply({ plan }, { max, after }) {
    plan.maxStreams ??= { max, after };
  },
});
