import { expect, test } from 'vitest';
import type { ConnectionPlan } from '../plans.ts';
import { applyFault, complaintsOf } from '../testing.ts';
import { certificate } from './certificate.ts';

test.each([
  ['expired', 'show a certificate that expired yesterday'],
  ['not-yet-valid', 'show a certificate that is not valid for another year'],
  ['wrong-host', 'show a certificate for another host'],
  ['self-signed', 'show a certificate that nobody but itself has signed'],
  ['unknown-ca', 'show a certificate signed by a CA that the client does not know'],
] as const)('%s is one word', (kind, did) => {
  const plan: ConnectionPlan = {};
  expect(applyFault(certificate, kind, { plan })).toBe(did);
  expect(plan).toEqual({ tls: { certificate: kind } });
});

test('what another fault has planned stays', () => {
  const plan: ConnectionPlan = { tls: { version: 'TLSv1.2', certificate: 'self-signed' } };
  applyFault(certificate, 'expired', { plan });
  expect(plan.tls).toEqual({ version: 'TLSv1.2', certificate: 'self-signed' });
});

test('nothing else can be wrong with it', () => {
  expect(complaintsOf(certificate, 'revoked')).toHaveLength(1);
  expect(complaintsOf(certificate, {})).toHaveLength(1);
});
