import type { Service } from '../scenario/scenario.ts';
import { LOG_PREFIX, type Ruling } from './rule.ts';

const WAY_IN =
  'serve with `--profile dual-stack` to let such clients in, or, where the scenario has an `alpn` of its own, offer http/1.1 there';

/** A2 and A3: what becomes of a ClientHello, by what it offers. A ruling `afterHandshake` lets TLS succeed first. */
export function judgeAlpn(
  offered: readonly string[] | null,
  { alpn }: Service,
): (Ruling & { readonly afterHandshake: boolean }) | undefined {
  if (offered === null) {
    if (alpn.absent === 'http/1.1') return undefined;
    return {
      rule: 'alpn',
      how: 'reset',
      afterHandshake: true,
      did: `the ClientHello has no ALPN extension; ${WAY_IN}`,
      line: `${LOG_PREFIX} ALPN absent -> reset`,
    };
  }
  if (alpn.mismatch === 'alert' || selectProtocol(offered, alpn.offer)) return undefined;
  return {
    rule: 'alpn',
    how: 'reset',
    afterHandshake: false,
    did: `the client offered ${JSON.stringify(offered)} by ALPN, the server has ${JSON.stringify(alpn.offer)}${alpn.offer.length === 1 ? `; ${WAY_IN}` : ''}`,
    line: `${LOG_PREFIX} client offered ${JSON.stringify(offered)}; h2 required -> reset`,
  };
}

/** The protocol that ALPN settles on: the first of the server's own list that the client offers (RFC 7301, section 3.2). */
export const selectProtocol = (
  offered: readonly string[],
  offer: Service['alpn']['offer'],
): 'h2' | 'http/1.1' | undefined => offer.find((protocol) => offered.includes(protocol));

/** A1, as the service logs it. */
export const negotiatedLine = (protocol: string): string => `${LOG_PREFIX} ALPN negotiated '${protocol}'`;
