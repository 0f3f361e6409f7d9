import { z } from 'zod';
import { defineFault } from '../fault.ts';

/** Reference, B9: no packet comes back, and only the resolver's own time-out tells the client. */
export const silence = defineFault({
  name: 'silence',
  on: ['dns'],
  summary: 'Leaves a DNS query without any answer.',
  params: z.strictObject({}),
  decides: 'answer',
  explain: () => 'leave the query unanswered',
  apply({ plan }) {
    plan.answer ??= 'silence';
  },
});
