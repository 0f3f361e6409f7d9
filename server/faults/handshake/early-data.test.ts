import { expect, test } from 'vitest';
import type { ConnectionPlan } from '../plans.ts';
import { applyFault, complaintsOf, occasionOf } from '../testing.ts';
import { earlyData } from './early-data.ts';

const meet = (params: object, brings: boolean) => {
  const plan: ConnectionPlan = {};
  applyFault(earlyData, params, { plan }, occasionOf({ earlyData: brings }));
  return plan;
};

test('tickets permit early data, as much as given', () => {
  expect(meet({}, false)).toEqual({ tls: { earlyDataBytes: 16_384 } });
  expect(meet({ advertise: 100 }, false)).toEqual({ tls: { earlyDataBytes: 100 } });
});

test('a ClientHello that brings some is cut, or the early data alone is refused', () => {
  expect(meet({}, true).end).toEqual({ at: 'client-hello', how: 'reset' });
  expect(meet({ then: 'reject' }, true)).toEqual({ tls: { earlyDataBytes: 16_384 } });
});

test('it says what it does, on the whole and each time', () => {
  const didOn = (params: object, brings: boolean) =>
    earlyData.bind(earlyData.params.parse(params)).didOn(occasionOf({ earlyData: brings }));
  expect(applyFault(earlyData, {}, { plan: {} })).toBe(
    'issue tickets that permit 16384 bytes of early data, and reset a connection that brings early data',
  );
  expect(didOn({}, false)).toBe('issue tickets that permit 16384 bytes of early data');
  expect(didOn({}, true)).toBe('reset a connection that brings early data');
  expect(didOn({ then: 'reject' }, true)).toBe('refuse the early data');
});

test('an end that another fault has planned stays', () => {
  const plan: ConnectionPlan = { end: { at: 'client-hello', how: 'hang' } };
  applyFault(earlyData, {}, { plan }, occasionOf({ earlyData: true }));
  expect(plan.end?.how).toBe('hang');
});

test.each([0, -1, 2 ** 32, 1.5, '16k'])('%j bytes are refused', (advertise) =>
  expect(complaintsOf(earlyData, { advertise })).toHaveLength(1),
);
