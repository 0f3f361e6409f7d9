import { z } from 'zod';
import { defineFault } from '../fault.ts';

/** RFC 1035, section 4.1.1: there is no such name. Trying again is of no use until somebody mends the zone. */
export const nxdomain = defineFault({
  name: 'nxdomain',
  on: ['dns'],
  summary: 'Answers a DNS query with NXDOMAIN.',
  params: z.strictObject({}),
  decides: 'answer',
  explain: () => 'answer NXDOMAIN',
  apply({ plan }) {
    plan.answer ??= { rcode: 'NXDOMAIN', addresses: [] };
  },
});
