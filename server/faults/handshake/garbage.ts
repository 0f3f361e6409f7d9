import { z } from 'zod';
import { randomBytes, randomSequence } from '../../random.ts';
import { defineFault } from '../fault.ts';

/** More than a TLS record can hold, so that a client which goes by its length field waits no more. */
const MAX_GARBAGE_BYTES = 65_536;

/** What a client meets where a proxy or a wrong service listens: bytes that are no TLS. */
export const garbage = defineFault({
  name: 'garbage',
  on: ['client-hello', 'handshake'],
  summary: 'Answers the ClientHello with bytes that mean nothing, the same for the same seed.',
  params: z.strictObject({
    bytes: z.int().min(1).max(MAX_GARBAGE_BYTES).default(512).describe('How many.'),
    how: z.enum(['fin', 'reset', 'hang']).default('fin').describe('How the connection ends after them.'),
  }),
  decides: 'end',
  explain: ({ bytes, how }) =>
    `answer the ClientHello with ${bytes} random bytes, then ${how === 'hang' ? 'fall silent' : how}`,
  apply({ plan }, { bytes, how }, { draw }) {
    const next = randomSequence(Math.floor(draw() * 2 ** 32), 'garbage');
    plan.end ??= { at: 'client-hello', how, answer: randomBytes(next, bytes) };
  },
});
