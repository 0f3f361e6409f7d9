import type { Service } from '../scenario/scenario.ts';
import { LOG_PREFIX, type Ruling } from './rule.ts';

/** A4: h2c is refused by reset, never downgraded, whether by prior knowledge or by `Upgrade`, in clear text or inside TLS. */
export const refuseH2c = (how: 'preface' | 'upgrade'): Ruling => ({
  rule: 'h2c',
  how: 'reset',
  did: how === 'preface' ? 'the client sent the HTTP/2 preface without ALPN' : 'the client asked for `Upgrade: h2c`',
  line:
    how === 'preface'
      ? `${LOG_PREFIX} client attempted h2c downgrade -> denied (ALPN-only mode enforced)`
      : `${LOG_PREFIX} rejecting 'h2c' upgrade request`,
});

/** Whether an Upgrade field, which is a list (RFC 9110, section 7.8), names h2c. */
export const asksForH2c = (upgrade: string | undefined): boolean => /(^|,)\s*h2c\s*(,|$)/i.test(upgrade ?? '');

/** The port speaks TLS alone: HTTP in clear text, and whatever is neither TLS nor HTTP. */
export function refuseClearText(spoken: 'http' | { readonly firstBytes: string }, { cleartext }: Service): Ruling {
  const http = spoken === 'http';
  return {
    rule: 'cleartext',
    how: cleartext,
    did: http
      ? 'the client spoke HTTP without TLS; use https://'
      : `the client spoke neither TLS nor HTTP: ${spoken.firstBytes}`,
    line: `${LOG_PREFIX} ${http ? 'HTTP in clear text' : 'not a TLS ClientHello'} -> ${cleartext}`,
  };
}
