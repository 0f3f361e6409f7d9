import type { BadCertificate } from '../faults/plans.ts';
import {
  CertificateAuthority,
  coveredNames,
  DAY_MS,
  KEY,
  LEAF_DAYS,
  type Leaf,
  makeKeys,
  privateKeyPem,
  serverExtensions,
} from './certificates.ts';
import * as x509 from './x509.ts';

/** Longer than a server is left running: it must not turn valid under anybody's test. */
const AHEAD_DAYS = 365;
/** RFC 2606, section 2: nobody can be called this. */
const WRONG_HOST = 'wrong-host.invalid';

/** Makes a certificate with one thing wrong with it, and all else as `authority` would have it for `names`. */
export async function issueBad(
  authority: CertificateAuthority,
  kind: BadCertificate,
  nowMs: number,
  names: readonly string[],
): Promise<Leaf> {
  switch (kind) {
    case 'expired':
      // Issued when it would have run out a day ago.
      return authority.issue(nowMs - (LEAF_DAYS + 1) * DAY_MS, ...names);
    case 'not-yet-valid':
      return authority.issue(nowMs + AHEAD_DAYS * DAY_MS, ...names);
    case 'wrong-host':
      return authority.issueFor(nowMs, [WRONG_HOST]);
    case 'self-signed':
      return selfSign(nowMs, coveredNames(names));
    case 'unknown-ca': {
      const stranger = await CertificateAuthority.create(nowMs, 'CN=a CA that nobody trusts');
      return stranger.issueFor(nowMs, coveredNames(names));
    }
  }
}

async function selfSign(nowMs: number, names: readonly string[]): Promise<Leaf> {
  const keys = await makeKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${names[0]}`,
    notBefore: new Date(nowMs - DAY_MS),
    notAfter: new Date(nowMs + LEAF_DAYS * DAY_MS),
    keys,
    signingAlgorithm: KEY,
    extensions: serverExtensions(names),
  });
  return { key: await privateKeyPem(keys), cert: certificate.toString('pem') };
}
