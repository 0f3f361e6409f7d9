import { z } from 'zod';
import { defineFault } from '../fault.ts';
import { frameTypes, headerFiller, listNth, nthFrame, tooMuchFiller } from '../frame-types.ts';

/** CERT VU#421644: a client that waits for END_HEADERS before it looks at its limits can be filled up without end. */
export const continuationFlood = defineFault({
  name: 'continuation-flood',
  on: ['session'],
  summary: 'Begins the headers of an answer and never ends them: CONTINUATION upon CONTINUATION, then silence.',
  params: z.strictObject({
    count: headerFiller.fields.default(1_000).describe('How many CONTINUATION frames.'),
    valueBytes: headerFiller.valueBytes
      .default(100)
      .describe('The length of the value in each; 16 MiB in all at most.'),
    nth: nthFrame.describe('Which answer of the connection; left out, the first.'),
  }),
  needs: 'frames',
  contradiction: ({ count, valueBytes }) => tooMuchFiller(count, valueBytes, 'count'),
  explain: ({ count }) => `begin the headers of an answer, send ${count} CONTINUATION frames, and never end them`,
  apply({ plan }, { count, valueBytes, nth }) {
    const deed = { how: 'swell', fields: count, valueBytes, endless: true } as const;
    const rule = { direction: 'to-client', type: frameTypes.HEADERS, nth: listNth(nth), deed } as const;
    plan.frameRules = [...(plan.frameRules ?? []), rule];
  },
});
