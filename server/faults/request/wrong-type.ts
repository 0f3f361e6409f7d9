import { z } from 'zod';
import { headerValue } from '../answer-schemas.ts';
import { defineFault } from '../fault.ts';

/** As a proxy does that answers with a page of its own: what a client takes the body for does not fit the body. */
export const wrongType = defineFault({
  name: 'wrong-type',
  on: ['request', 'response'],
  summary: 'Says in Content-Type that the body is something else.',
  params: z.strictObject({
    type: headerValue.min(1).default('text/html').describe('What Content-Type says; the body stays as it is.'),
  }),
  decides: 'type',
  shapes: 'head',
  explain: ({ type }) => `call the body ${type}`,
  apply({ plan }, { type }) {
    plan.fields = { 'content-type': type, ...plan.fields };
  },
});
