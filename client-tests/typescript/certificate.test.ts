import { expect, test } from 'vitest';
import { startMockServer } from '../../server/index.ts';
import { openTlsSocket } from './support/sockets.ts';

/** What a client that verifies makes of each kind; RFC 5280, section 6.1, in the words of Node and OpenSSL. */
const kinds = [
  ['expired', 'CERT_HAS_EXPIRED'],
  ['not-yet-valid', 'CERT_NOT_YET_VALID'],
  ['wrong-host', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ['self-signed', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ['unknown-ca', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
] as const;

const startWith = (certificate: (typeof kinds)[number][0]) =>
  startMockServer({ scenario: { faults: [{ name: 'bad', on: 'handshake', inject: [{ certificate }] }] } });

test.each(
  kinds.flatMap(([kind, code]) => (['TLSv1.2', 'TLSv1.3'] as const).map((version) => ({ kind, code, version }))),
)('a client refuses $kind with $code over $version', async ({ kind, code, version }) => {
  await using server = await startWith(kind);
  await using socket = await openTlsSocket(server, { alpn: ['h2'], version });
  expect(socket).toMatchObject({ end: code, secured: undefined });
  expect(await server.journal.waitFor('connection.ended')).toMatchObject({ by: 'client', requests: [] });
  expect(server.journal.events('request.received')).toEqual([]);
});

test.each(kinds)('nothing but what is named is wrong with %s, whatever name was asked for', async (kind, code) => {
  await using server = await startWith(kind);
  await using socket = await openTlsSocket(server, { alpn: ['h2'], serverName: 'api.example.com' });
  expect(socket.end).toBe(code);
});

test('a name that would be no name in a certificate is shown the same', async () => {
  await using server = await startWith('expired');
  // RFC 4514, section 2.4: in a distinguished name `#` announces hexadecimal BER.
  await using socket = await openTlsSocket(server, { alpn: ['h2'], serverName: '#41' });
  expect(socket.end).toBe('CERT_HAS_EXPIRED');
});

test('a healthy server shakes hands with a client that asks for it, too', async () => {
  await using server = await startMockServer();
  await using socket = await openTlsSocket(server, { alpn: ['h2'], serverName: '#41' });
  expect(socket.end).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
});

test('the next connection is shown a good one', async () => {
  await using server = await startMockServer({ scenario: 'certificate' });
  for (const [, code] of kinds) {
    await using socket = await openTlsSocket(server, { alpn: ['h2'] });
    expect(socket.end).toBe(code);
  }
  await using socket = await openTlsSocket(server, { alpn: ['h2'] });
  expect(socket.secured).toMatchObject({ alpn: 'h2' });
});
