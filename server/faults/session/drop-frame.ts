import { z } from 'zod';
import { defineFault } from '../fault.ts';
import { explainFrames, frameType, frameTypes, listNth, nthFrame } from '../frame-types.ts';

/** What TCP never does. Where HEADERS are dropped, header compression may go wrong for all that follow. */
export const dropFrame = defineFault({
  name: 'drop-frame',
  on: ['session'],
  summary: 'Drops frames of a type, as if they had never been sent.',
  params: z.strictObject({
    type: frameType.describe('RFC 9113, section 6.'),
    direction: z.enum(['to-client', 'from-client']).default('to-client').describe('Whose frames.'),
    nth: nthFrame,
  }),
  needs: 'frames',
  explain: ({ type, direction, nth }) =>
    `drop ${explainFrames(type, nth)} ${direction === 'to-client' ? 'to' : 'from'} the client`,
  apply({ plan }, { type, direction, nth }) {
    const rule = { direction, type: frameTypes[type], nth: listNth(nth), deed: { how: 'drop' } } as const;
    plan.frameRules = [...(plan.frameRules ?? []), rule];
  },
});
