import { z } from 'zod';
import { type AlertLevel, alertName, alertRecord, levelOf } from '../alerts.ts';
import { defineFault } from '../fault.ts';

/** RFC 8446, section 6: what a server says when it cannot or will not go on. Level and description are as planned, fitting or not. */
export const tlsAlert = defineFault({
  name: 'tls-alert',
  on: ['client-hello', 'handshake'],
  summary: 'Answers the ClientHello with a TLS alert, and ends the connection.',
  params: z.strictObject({
    description: alertName.describe('RFC 8446, section 6.'),
    level: z
      .enum(['fatal', 'warning'] satisfies AlertLevel[])
      .optional()
      .describe(
        'Default: `warning` for `close_notify`, `user_canceled` and `no_renegotiation`, `fatal` for the others, as in the RFC.',
      ),
    how: z.enum(['fin', 'reset', 'hang']).default('fin').describe('How the connection ends after it.'),
  }),
  decides: 'end',
  explain: ({ description, level = levelOf(description), how }) =>
    `answer the ClientHello with the ${level} alert ${description}, then ${how === 'hang' ? 'fall silent' : how}`,
  apply({ plan }, { description, level, how }) {
    plan.end ??= { at: 'client-hello', how, answer: alertRecord(description, level) };
  },
});
