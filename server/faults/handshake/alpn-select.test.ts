import { expect, test } from 'vitest';
import type { ConnectionPlan } from '../plans.ts';
import { applyFault, complaintsOf } from '../testing.ts';
import { alpnSelect } from './alpn-select.ts';

test.each([
  ['http/1.1', 'http/1.1', 'answer ALPN with http/1.1'],
  ['none', null, 'leave ALPN unanswered'],
])('%s', (protocol, alpn, did) => {
  const plan: ConnectionPlan = {};
  expect(applyFault(alpnSelect, { protocol }, { plan })).toBe(did);
  expect(plan).toEqual({ tls: { alpn } });
});

test('what another fault has planned stays', () => {
  const plan: ConnectionPlan = { tls: { alpn: null, version: 'TLSv1.2' } };
  applyFault(alpnSelect, { protocol: 'h3' }, { plan });
  expect(plan.tls).toEqual({ alpn: null, version: 'TLSv1.2' });
});

test('only an answer takes OpenSSL', () => {
  expect(alpnSelect.needsOpenSsl({ protocol: 'none' })).toBe(false);
  expect(alpnSelect.needsOpenSsl({ protocol: 'h2' })).toBe(true);
});

test.each(['', 'h 2', 'ħ2', 'a'.repeat(256), 2])('a protocol cannot be called %j', (protocol) =>
  expect(complaintsOf(alpnSelect, { protocol }).length).toBeGreaterThan(0),
);
