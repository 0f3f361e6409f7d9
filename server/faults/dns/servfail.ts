import { z } from 'zod';
import { defineFault } from '../fault.ts';

/** RFC 1035, section 4.1.1: the server has a problem of its own. The name may well exist, so a client may try again. */
export const servfail = defineFault({
  name: 'servfail',
  on: ['dns'],
  summary: 'Answers a DNS query with SERVFAIL.',
  params: z.strictObject({}),
  decides: 'answer',
  explain: () => 'answer SERVFAIL',
  apply({ plan }) {
    plan.answer ??= { rcode: 'SERVFAIL', addresses: [] };
  },
});
