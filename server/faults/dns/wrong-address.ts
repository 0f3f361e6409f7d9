import { isIP } from 'node:net';
import { z } from 'zod';
import { defineFault } from '../fault.ts';

/** RFC 5737: nobody is there, so that a connection attempt meets silence or an ICMP error. */
export const NOBODYS_ADDRESS = '192.0.2.1';

/** A name that leads elsewhere. The other family is told that there is no address of its kind. */
export const wrongAddress = defineFault({
  name: 'wrong-address',
  on: ['dns'],
  summary: 'Answers a DNS query with another address.',
  params: z.strictObject({
    address: z
      .string()
      .refine((text) => isIP(text) !== 0, { error: 'Write an IPv4 or IPv6 address.' })
      .default(NOBODYS_ADDRESS)
      .describe('IPv4 answers queries for A, IPv6 those for AAAA; left out, one that nobody has.'),
  }),
  decides: 'answer',
  explain: ({ address }) => `answer with ${address}`,
  apply({ plan }, { address }) {
    plan.answer ??= { rcode: 'NOERROR', addresses: [address] };
  },
});
