import { expect, test } from 'vitest';
import { alertRecord } from '../alerts.ts';
import type { ConnectionPlan } from '../plans.ts';
import { applyFault, complaintsOf } from '../testing.ts';
import { tlsAlert } from './tls-alert.ts';

test('by default an error alert is fatal, and a FIN follows', () => {
  const plan: ConnectionPlan = {};
  const did = applyFault(tlsAlert, { description: 'internal_error' }, { plan });
  expect(did).toBe('answer the ClientHello with the fatal alert internal_error, then fin');
  expect(plan.end).toEqual({ at: 'client-hello', how: 'fin', answer: alertRecord('internal_error') });
});

test.each(['close_notify', 'user_canceled', 'no_renegotiation'])('by default %s is a warning', (description) => {
  const plan: ConnectionPlan = {};
  const did = applyFault(tlsAlert, { description }, { plan });
  expect(did).toBe(`answer the ClientHello with the warning alert ${description}, then fin`);
  expect(Buffer.from(plan.end?.answer ?? [])[5]).toBe(1);
});

test('level and end are as given', () => {
  const plan: ConnectionPlan = {};
  const did = applyFault(tlsAlert, { description: 'unrecognized_name', level: 'warning', how: 'hang' }, { plan });
  expect(did).toBe('answer the ClientHello with the warning alert unrecognized_name, then fall silent');
  expect(plan.end).toMatchObject({ how: 'hang', answer: alertRecord('unrecognized_name', 'warning') });
});

test('an end that another fault has planned stays', () => {
  const plan: ConnectionPlan = { end: { at: 'client-hello', how: 'reset' } };
  applyFault(tlsAlert, { description: 'internal_error' }, { plan });
  expect(plan.end).toEqual({ at: 'client-hello', how: 'reset' });
});

test('an alert has to be named as the RFC names it', () => {
  expect(complaintsOf(tlsAlert, {})).toHaveLength(1);
  expect(complaintsOf(tlsAlert, { description: 'handshake-failure' })).toHaveLength(1);
  expect(complaintsOf(tlsAlert, { description: 40 })).toHaveLength(1);
  expect(complaintsOf(tlsAlert, { description: 'bad_certificate', level: 'info' })).toHaveLength(1);
});
