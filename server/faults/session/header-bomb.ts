import { z } from 'zod';
import { defineFault } from '../fault.ts';
import { frameTypes, headerFiller, listNth, nthFrame, tooMuchFiller } from '../frame-types.ts';

/** RFC 9113, section 10.5.1: a client that bounds what it takes resets the stream, or gives up the connection. */
export const headerBomb = defineFault({
  name: 'header-bomb',
  on: ['session'],
  summary: 'Swells the headers of answers with more fields, in CONTINUATION frames.',
  params: z.strictObject({
    fields: headerFiller.fields.default(1_000).describe('How many fields, each in a frame of its own.'),
    valueBytes: headerFiller.valueBytes.default(1_000).describe('The length of each value; 16 MiB in all at most.'),
    nth: nthFrame,
  }),
  needs: 'frames',
  contradiction: ({ fields, valueBytes }) => tooMuchFiller(fields, valueBytes, 'fields'),
  explain: ({ fields, valueBytes }) => `add ${fields} header fields of ${valueBytes} bytes to the answer`,
  apply({ plan }, { fields, valueBytes, nth }) {
    const deed = { how: 'swell', fields, valueBytes, endless: false } as const;
    const rule = { direction: 'to-client', type: frameTypes.HEADERS, nth: listNth(nth), deed } as const;
    plan.frameRules = [...(plan.frameRules ?? []), rule];
  },
});
