import { expect, test } from 'vitest';
import type { ConnectionPlan } from '../plans.ts';
import { applyFault, complaintsOf, contradictionOf } from '../testing.ts';
import { tlsCut } from './tls-cut.ts';

test('left to itself it resets right after the ClientHello', () => {
  const plan: ConnectionPlan = {};
  expect(applyFault(tlsCut, {}, { plan })).toBe('end the connection by reset after the ClientHello');
  expect(plan).toEqual({ end: { at: 'client-hello', how: 'reset' } });
});

test.each(['client-hello', 'server-hello', 'finished'] as const)('the handshake gets as far as %s', (at) => {
  const plan: ConnectionPlan = {};
  applyFault(tlsCut, { at, how: 'fin' }, { plan });
  expect(plan.end).toEqual({ at, how: 'fin' });
});

test('a hang says so', () =>
  expect(applyFault(tlsCut, { at: 'finished', how: 'hang' }, { plan: {} })).toBe(
    'fall silent after the handshake has finished',
  ));

test('an end that another fault has planned stays', () => {
  const plan: ConnectionPlan = { end: { at: 'accept', how: 'hang' } };
  applyFault(tlsCut, {}, { plan });
  expect(plan.end?.how).toBe('hang');
});

test('on client-hello nothing later can be named', () => {
  expect(contradictionOf(tlsCut, { at: 'server-hello' }, 'client-hello')).toMatchObject({ param: 'at' });
  expect(contradictionOf(tlsCut, { at: 'server-hello' }, 'handshake')).toBeUndefined();
  expect(contradictionOf(tlsCut, {}, 'client-hello')).toBeUndefined();
});

test('a connection cannot end by anything else', () => expect(complaintsOf(tlsCut, { how: 'goaway' })).toHaveLength(1));
