import { describe, expect, test } from 'vitest';
import type { FaultSpec } from '../../server/faults/table.ts';
import { type MockServer, startMockServer } from '../../server/index.ts';
import { canRun, runClient } from './run-client.ts';

const programs = { curl: canRun('curl', '--version'), openssl: canRun('openssl', 'version') };
for (const [name, isHere] of Object.entries(programs)) {
  if (!isHere) console.log(`tests of bad handshakes are left out: there is no ${name}`);
}

const startWith = (inject: FaultSpec<'handshake'>) =>
  startMockServer({ scenario: { faults: [{ name: 'bad', on: 'handshake', inject: [inject] }] } });

const curl = (server: MockServer) => runClient(server, 'curl', '-sS', '--cacert', server.caFile, server.url);

/** s_client goes on after an error of verification unless it is told not to, and looks at no name unless it is told which. */
const openssl = (server: MockServer, version: string) =>
  runClient(
    server,
    ...['openssl', 's_client', version, '-connect', new URL(server.url).host, '-alpn', 'h2', '-CAfile', server.caFile],
    ...['-verify_return_error', '-verify_hostname', 'localhost'],
  );

/** RFC 5280, section 6.1, in the words of curl and of OpenSSL. */
const certificates = [
  ['expired', 'certificate has expired', 'num=10:certificate has expired'],
  ['not-yet-valid', 'certificate is not yet valid', 'num=9:certificate is not yet valid'],
  ['wrong-host', "no alternative certificate subject name matches target host name 'localhost'", 'num=62:'],
  ['self-signed', /self[- ]signed certificate/, /num=18:self[- ]signed certificate/],
  ['unknown-ca', 'unable to get local issuer certificate', 'num=20:unable to get local issuer certificate'],
] as const;

/** RFC 8446, section 6. */
const alerts = [
  ['handshake_failure', 'alert handshake failure', 40],
  ['unknown_ca', 'alert unknown ca', 48],
  ['protocol_version', 'alert protocol version', 70],
  ['internal_error', 'alert internal error', 80],
  ['no_application_protocol', 'alert no application protocol', 120],
] as const;

describe.runIf(programs.curl)('curl', () => {
  test.each(certificates)('refuses a certificate that is %s', async (certificate, said) => {
    await using server = await startWith({ certificate });
    const { exitCode, stderr } = await curl(server);
    expect(exitCode).toBe(60);
    expect(stderr).toMatch(said);
    expect(server.journal.events('request.received')).toEqual([]);
  });

  test.each(alerts)('tells the alert %s', async (description, said) => {
    await using server = await startWith({ 'tls-alert': { description } });
    const { exitCode, stderr } = await curl(server);
    expect(exitCode).toBe(35);
    expect(stderr).toContain(said);
  });
});

describe.runIf(programs.openssl).each(['-tls1_2', '-tls1_3'])('openssl s_client %s', (version) => {
  test.each(certificates)('refuses a certificate that is %s', async (certificate, _said, said) => {
    await using server = await startWith({ certificate });
    const { exitCode, stderr } = await openssl(server, version);
    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(said);
  });

  test.each(alerts)('tells the alert %s', async (description, said, number) => {
    await using server = await startWith({ 'tls-alert': { description } });
    const { stderr } = await openssl(server, version);
    expect(stderr).toContain(said);
    expect(stderr).toContain(`SSL alert number ${number}`);
  });

  test('takes garbage for no TLS', async () => {
    await using server = await startWith('garbage');
    expect((await openssl(server, version)).stderr).toContain('wrong version number');
  });
});
