import { z } from 'zod';
import { defineFault } from '../fault.ts';

/** An identifier has at most this many bytes: RFC 7301, section 3.1. */
const MAX_PROTOCOL_BYTES = 255;

/** RFC 7301, section 3.2: a server answers with one of the protocols offered. This one need not. */
export const alpnSelect = defineFault({
  name: 'alpn-select',
  on: ['client-hello', 'handshake'],
  summary:
    'Answers ALPN with another protocol than the service would, even one that the client did not offer. What is not `h2` is then served as HTTP/1.1. A client that sends no ALPN gets no answer to it, as ever.',
  params: z.strictObject({
    protocol: z
      .string()
      .min(1)
      .max(MAX_PROTOCOL_BYTES)
      .regex(/^[\x21-\x7e]+$/, 'Write the name as IANA has it, such as h2 or http/1.1.')
      .describe('`none` leaves ALPN out of the answer; all else needs the optional package `koffi`.'),
  }),
  decides: 'alpn',
  needsOpenSsl: ({ protocol }) => protocol !== 'none',
  explain: ({ protocol }) => (protocol === 'none' ? 'leave ALPN unanswered' : `answer ALPN with ${protocol}`),
  apply({ plan }, { protocol }) {
    plan.tls = { alpn: protocol === 'none' ? null : protocol, ...plan.tls };
  },
});
