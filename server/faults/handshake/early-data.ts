import { z } from 'zod';
import { defineFault } from '../fault.ts';

/**
 * Reference, B8. RFC 8446, sections 2.3 and 4.2.10: a client that has such a ticket may send data along with its ClientHello.
 * The server promises what it then does not keep; TLS 1.2 has no early data, and there the fault has no effect.
 */
export const earlyData = defineFault({
  name: 'early-data',
  on: ['client-hello', 'handshake'],
  summary:
    'Issues tickets that permit TLS 1.3 early data, and then cuts the connections that send some, or refuses it. It needs the optional package `koffi`.',
  params: z.strictObject({
    advertise: z
      .int()
      .min(1)
      .max(2 ** 32 - 1)
      .default(16_384)
      .describe(
        'How many bytes of early data the tickets permit; a refused client that sends more is cut off by an alert.',
      ),
    then: z
      .enum(['cut', 'reject'])
      .default('cut')
      .describe(
        'What a ClientHello that brings early data meets: a reset without an alert, or a handshake that goes on without the early data.',
      ),
  }),
  decides: 'tickets',
  needsOpenSsl: () => true,
  explain({ advertise, then }, occasion) {
    const issue = `issue tickets that permit ${advertise} bytes of early data`;
    const meet = then === 'cut' ? 'reset a connection that brings early data' : 'refuse the early data';
    if (!occasion) return `${issue}, and ${meet}`;
    return occasion.facts.earlyData ? meet : issue;
  },
  apply({ plan }, { advertise, then }, { facts }) {
    plan.tls = { earlyDataBytes: advertise, ...plan.tls };
    if (then === 'cut' && facts.earlyData) plan.end ??= { at: 'client-hello', how: 'reset' };
  },
});
