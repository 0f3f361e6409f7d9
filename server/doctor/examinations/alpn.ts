import { type Examination, fail, ok, unknown } from '../examination.ts';

/** The service speaks h2 alone (reference, A1). */
export const alpn: Examination = {
  name: 'alpn',
  summary: 'ALPN settles on h2.',
  only: 'target',
  async examine({ approach }) {
    const { secured } = await approach;
    if (!secured) return unknown('there was no TLS handshake');
    if (secured.protocol === 'h2') return ok('h2 was offered, and h2 was chosen');
    return fail(
      `h2 was offered, and ${secured.protocol ?? 'nothing'} was chosen`,
      'Something in between ends TLS, or the scenario leaves h2 out (service: alpn: offer): call the server directly, or choose another scenario.',
    );
  },
};
