import { z } from 'zod';
import { delay } from '../../scenario/duration.ts';
import { defineFault } from '../fault.ts';
import { explainFrames, frameType, frameTypes, listNth, nthFrame } from '../frame-types.ts';

/** Frames behind a late one pass it as far as HTTP/2 allows: those of its stream, and header blocks of any, wait behind it. */
export const delayFrame = defineFault({
  name: 'delay-frame',
  on: ['session'],
  summary: 'Holds back frames of a type that the server sends.',
  params: z.strictObject({
    type: frameType.describe('RFC 9113, section 6.'),
    ms: delay().describe('How long: milliseconds, or a duration.'),
    nth: nthFrame,
  }),
  needs: 'frames',
  explain: ({ type, ms, nth }) => `hold back ${explainFrames(type, nth)} for ${ms} ms`,
  apply({ plan }, { type, ms, nth }) {
    const deed = { how: 'delay', ms } as const;
    const rule = { direction: 'to-client', type: frameTypes[type], nth: listNth(nth), deed } as const;
    plan.frameRules = [...(plan.frameRules ?? []), rule];
  },
});
