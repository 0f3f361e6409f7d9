import { z } from 'zod';
import { defineFault } from '../fault.ts';
import type { BadCertificate } from '../plans.ts';

const kinds = {
  expired: 'that expired yesterday',
  'not-yet-valid': 'that is not valid for another year',
  'wrong-host': 'for another host',
  'self-signed': 'that nobody but itself has signed',
  'unknown-ca': 'signed by a CA that the client does not know',
} as const satisfies Record<BadCertificate, string>;

/** RFC 5280, section 6.1, and RFC 9525: a certificate that a client must refuse, for one reason alone. */
export const certificate = defineFault({
  name: 'certificate',
  on: ['client-hello', 'handshake'],
  summary: 'Shows a certificate that is good in all respects but one.',
  params: z.enum(Object.keys(kinds) as [BadCertificate, ...BadCertificate[]]),
  decides: 'certificate',
  explain: (kind) => `show a certificate ${kinds[kind]}`,
  apply({ plan }, kind) {
    plan.tls = { certificate: kind, ...plan.tls };
  },
});
