import { z } from 'zod';
import { alertRecord } from '../alerts.ts';
import { defineFault } from '../fault.ts';

/** RFC 8446, section 4.1.3 and appendix D: a server that speaks one version only, or none that the client does. */
export const tlsVersion = defineFault({
  name: 'tls-version',
  on: ['client-hello', 'handshake'],
  summary: 'Speaks only one version of TLS, or refuses all of them.',
  params: z.strictObject({
    only: z
      .enum(['TLSv1.2', 'TLSv1.3', 'unsupported'])
      .describe('A client that lacks it is told `protocol_version`; with `unsupported` every client is.'),
  }),
  decides: 'version',
  explain: ({ only }) =>
    only === 'unsupported' ? 'refuse every TLS version with the alert protocol_version' : `speak ${only} only`,
  apply({ plan }, { only }) {
    if (only === 'unsupported')
      plan.end ??= { at: 'client-hello', how: 'fin', answer: alertRecord('protocol_version') };
    else plan.tls = { version: only, ...plan.tls };
  },
});
