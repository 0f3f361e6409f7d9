import { expect, test } from 'vitest';
import type { ConnectionPlan } from '../plans.ts';
import { applyFault, complaintsOf, occasionOf } from '../testing.ts';
import { garbage } from './garbage.ts';

test('left to itself it sends 512 bytes, and a FIN', () => {
  const plan: ConnectionPlan = {};
  expect(applyFault(garbage, {}, { plan })).toBe('answer the ClientHello with 512 random bytes, then fin');
  expect(plan.end).toMatchObject({ at: 'client-hello', how: 'fin', answer: { length: 512 } });
});

test('number and end are as given', () => {
  const plan: ConnectionPlan = {};
  const did = applyFault(garbage, { bytes: 3, how: 'hang' }, { plan });
  expect(did).toBe('answer the ClientHello with 3 random bytes, then fall silent');
  expect(plan.end).toMatchObject({ how: 'hang', answer: { length: 3 } });
});

test('chance decides on the bytes, and nothing else does', () => {
  const draw = (drawn: number) => {
    const plan: ConnectionPlan = {};
    applyFault(garbage, {}, { plan }, occasionOf({}, drawn));
    return plan.end?.answer;
  };
  expect(draw(0.1)).toEqual(draw(0.1));
  expect(draw(0.1)).not.toEqual(draw(0.2));
  expect(new Set(draw(0.1)).size).toBeGreaterThan(128);
});

test('an end that another fault has planned stays', () => {
  const plan: ConnectionPlan = { end: { at: 'finished', how: 'reset' } };
  applyFault(garbage, {}, { plan });
  expect(plan.end).toEqual({ at: 'finished', how: 'reset' });
});

test.each([0, 65_537, 1.5, '12'])('%j bytes are refused', (bytes) =>
  expect(complaintsOf(garbage, { bytes })).toHaveLength(1),
);
