import { z } from 'zod';
import { defineFault } from '../fault.ts';

/** RFC 8446, section 4.6.1, and RFC 5077: without tickets every connection pays for a full handshake. */
export const noTickets = defineFault({
  name: 'no-tickets',
  on: ['client-hello', 'handshake'],
  summary: 'Issues no session tickets and resumes no session. It needs the optional package `koffi`.',
  params: z.strictObject({}),
  decides: 'tickets',
  needsOpenSsl: () => true,
  explain: () => 'issue no session tickets, and resume no session',
  apply({ plan }) {
    plan.tls = { tickets: false, ...plan.tls };
  },
});
