import { z } from 'zod';
import { defineFault } from '../fault.ts';

const places = {
  'client-hello': 'after the ClientHello',
  'server-hello': 'after the ServerHello',
  finished: 'after the handshake has finished',
} as const;

/** Reference, B8: the connection goes away in the middle of the handshake, and no TLS alert says why. */
export const tlsCut = defineFault({
  name: 'tls-cut',
  on: ['client-hello', 'handshake'],
  summary: 'Ends a connection in the middle of the TLS handshake, without an alert.',
  params: z.strictObject({
    at: z
      .enum(Object.keys(places) as [keyof typeof places, ...(keyof typeof places)[]])
      .default('client-hello')
      .describe('How far the handshake gets.'),
    how: z.enum(['reset', 'fin', 'hang']).default('reset').describe('How the connection ends.'),
  }),
  decides: 'end',
  contradiction: ({ at }, { on }) =>
    on === 'client-hello' && at !== 'client-hello'
      ? {
          reason: `On "client-hello" nothing is known yet of what comes ${places[at]}.`,
          instead: 'Write `on: handshake`.',
          param: 'at',
        }
      : undefined,
  explain: ({ at, how }) => `${how === 'hang' ? 'fall silent' : `end the connection by ${how}`} ${places[at]}`,
  apply({ plan }, { at, how }) {
    plan.end ??= { at, how };
  },
});
