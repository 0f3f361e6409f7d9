import { expect, test } from 'vitest';
import { alertRecord } from '../alerts.ts';
import type { ConnectionPlan } from '../plans.ts';
import { applyFault, complaintsOf } from '../testing.ts';
import { tlsVersion } from './tls-version.ts';

test('one version is left', () => {
  const plan: ConnectionPlan = {};
  expect(applyFault(tlsVersion, { only: 'TLSv1.2' }, { plan })).toBe('speak TLSv1.2 only');
  expect(plan).toEqual({ tls: { version: 'TLSv1.2' } });
});

test('or none, which the alert says', () => {
  const plan: ConnectionPlan = {};
  const did = applyFault(tlsVersion, { only: 'unsupported' }, { plan });
  expect(did).toBe('refuse every TLS version with the alert protocol_version');
  expect(plan).toEqual({ end: { at: 'client-hello', how: 'fin', answer: alertRecord('protocol_version') } });
});

test('what another fault has planned stays', () => {
  const plan: ConnectionPlan = { tls: { version: 'TLSv1.3', certificate: 'expired' } };
  applyFault(tlsVersion, { only: 'TLSv1.2' }, { plan });
  expect(plan.tls).toEqual({ version: 'TLSv1.3', certificate: 'expired' });
});

test('a version that the service never speaks is refused', () => {
  expect(complaintsOf(tlsVersion, { only: 'TLSv1.1' })).toHaveLength(1);
  expect(complaintsOf(tlsVersion, {})).toHaveLength(1);
});
