import { z } from 'zod';
import { defineFault } from '../fault.ts';
import { frameTypes } from '../frame-types.ts';
import type { FrameRule } from '../plans.ts';

const directions = { upload: ['to-client'], download: ['from-client'], both: ['to-client', 'from-client'] } as const;

/** RFC 9113, section 5.2: without WINDOW_UPDATE a sender stops at 65,535 bytes on a connection, whatever its streams may. */
export const windowStall = defineFault({
  name: 'window-stall',
  on: ['session'],
  summary:
    'Lets flow control run dry: `upload` gives the client no WINDOW_UPDATE for its bodies, `download` ignores those that it gives for ours.',
  params: z.strictObject({
    direction: z.enum(['upload', 'download', 'both']).default('both').describe('Whose bodies come to a standstill.'),
  }),
  needs: 'frames',
  explain: ({ direction }) =>
    `stall ${direction === 'both' ? 'uploads and downloads' : `${direction}s`} by flow control`,
  apply({ plan }, { direction }) {
    const rules = directions[direction].map(
      (way): FrameRule => ({ direction: way, type: frameTypes.WINDOW_UPDATE, deed: { how: 'drop' } }),
    );
    plan.frameRules = [...(plan.frameRules ?? []), ...rules];
  },
});
