import { type Examination, type Finding, fail, ok, unknown, warn } from '../examination.ts';
import type { Subject } from '../subject.ts';

/** Whether a client that trusts the CA is let in. */
export const tls: Examination = {
  name: 'tls',
  summary: 'The TLS handshake succeeds, with a certificate for the host, signed by the CA that the admin API tells.',
  only: 'target',
  examine: judgeTls,
};

async function judgeTls({
  host,
  ca,
  admin,
  approach,
}: Pick<Subject, 'host' | 'ca' | 'admin' | 'approach'>): Promise<Finding> {
  const { peer, secured, trouble } = await approach;
  if (peer === undefined) return unknown('nobody answers');
  if (!secured) {
    return fail(
      `the handshake fails: ${trouble}`,
      `A scenario may do that: see the journal (${admin.url}/events), or /scenario what is in force.`,
    );
  }
  const { version, distrust, issuer } = secured;
  if (distrust === undefined) return ok(`${version}, the certificate holds for ${host}`);
  if (distrust === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return fail(
      `${version}, but the certificate is not for ${host}`,
      'Call it localhost, seedance-mock or host.docker.internal, or let the client name one of these (SNI); --host ADDRESS adds an address.',
    );
  }
  if (ca === undefined) {
    return warn(
      `${version}, the certificate is signed by ${issuer}, of which nothing is known here`,
      'Name the admin API with --admin: it tells the CA.',
    );
  }
  return fail(
    `${version}, but the certificate is not signed by the CA that ${admin.url} tells (${distrust}; issuer ${issuer})`,
    'The admin API is of another server, a proxy in between ends TLS, or the scenario in force has the fault "certificate": fetch the CA anew, and check --admin.',
  );
}
