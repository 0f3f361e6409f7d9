import { z } from 'zod';
import { fieldName } from '../answer-schemas.ts';
import { defineFault } from '../fault.ts';

/** Node and HTTP itself write these below us. */
const FIXED = ['connection', 'date', 'keep-alive', 'transfer-encoding'];

/** Without Content-Length an HTTP/1.1 answer is chunked, and an HTTP/2 one ends with its END_STREAM: both are whole. */
export const dropHeader = defineFault({
  name: 'drop-header',
  on: ['request', 'response'],
  summary: 'Leaves a header out of the answer.',
  params: z.strictObject({
    name: fieldName
      .refine((name) => !FIXED.includes(name.toLowerCase()), { error: 'The server cannot do without this header.' })
      .describe('Which one; an answer that does not have it stays as it is.'),
  }),
  decides: ({ name }) => decided[name.toLowerCase()],
  shapes: 'head',
  explain: ({ name }) => `leave out ${name.toLowerCase()}`,
  apply({ plan }, { name }) {
    plan.fields = { [name.toLowerCase()]: null, ...plan.fields };
  },
});

const decided: Readonly<Record<string, 'type' | 'length'>> = { 'content-type': 'type', 'content-length': 'length' };
