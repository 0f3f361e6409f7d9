import { expect, test } from 'vitest';
import { subjectFor } from '../testing.ts';
import { alpn } from './alpn.ts';
import { tls } from './tls.ts';

const signal = AbortSignal.timeout(10_000);
const secured = { version: 'TLSv1.3', protocol: 'h2', distrust: undefined, issuer: 'seedance-mock test CA' };
const examine = (what: typeof tls, approach: object, more: object = {}) =>
  what.examine(subjectFor({ kind: 'target', ca: 'PEM', approach: Promise.resolve(approach), ...more }), signal);

test.each([
  ['all is well', { peer: '::1', secured }, {}, 'ok', 'the certificate holds for localhost'],
  ['nobody', { trouble: 'ECONNREFUSED' }, {}, 'warn', 'nobody answers'],
  ['no handshake', { peer: '::1', trouble: 'alert' }, {}, 'fail', 'the handshake fails: alert'],
  [
    'another CA',
    { peer: '::1', secured: { ...secured, distrust: 'SELF_SIGNED_CERT_IN_CHAIN' } },
    {},
    'fail',
    'not signed by the CA',
  ],
  [
    'another name',
    { peer: '::1', secured: { ...secured, distrust: 'ERR_TLS_CERT_ALTNAME_INVALID' } },
    {},
    'fail',
    'not for localhost',
  ],
  [
    'an unknown CA',
    { peer: '::1', secured: { ...secured, distrust: 'SELF_SIGNED_CERT_IN_CHAIN' } },
    { ca: undefined },
    'warn',
    'nothing is known',
  ],
])('tls: %s', async (_name, approach, more, outcome, words) => {
  expect(await examine(tls, approach, more)).toMatchObject({ outcome, seen: expect.stringContaining(words) });
});

test.each([
  ['h2', 'ok', 'h2 was chosen'],
  [undefined, 'fail', 'nothing was chosen'],
  ['http/1.1', 'fail', 'http/1.1 was chosen'],
])('alpn: %s is %s', async (protocol, outcome, words) => {
  const finding = await examine(alpn, { peer: '::1', secured: { ...secured, protocol } });
  expect(finding).toMatchObject({ outcome, seen: expect.stringContaining(words) });
});

test('alpn: without a handshake nothing can be told', async () => {
  expect(await examine(alpn, { peer: '::1', trouble: 'alert' })).toMatchObject({ outcome: 'warn' });
});
