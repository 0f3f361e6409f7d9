import { z } from 'zod';
import { defineFault } from '../fault.ts';

/** RFC 9110, section 14.2: a server may ignore Range. A client that appends what it gets ends up with a file too long. */
export const rangeIgnored = defineFault({
  name: 'range-ignored',
  on: ['video'],
  summary: 'Answers a request for a part of a result with 200 and all of it.',
  params: z.strictObject({}),
  decides: 'status',
  shapes: 'head',
  explain: () => 'answer with the whole file, whatever part was asked for',
  applies: (_context, _params, { facts }) => facts.headers?.range !== undefined,
  apply({ plan }) {
    plan.rangeIgnored = true;
  },
});
