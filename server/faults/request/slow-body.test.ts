import { expect, test } from 'vitest';
import { applyFault, complaintsOf, emptyPlan } from '../testing.ts';
import { slowBody } from './slow-body.ts';

test('the body goes at a pace', () => {
  const plan = emptyPlan();
  const did = applyFault(slowBody, { bytesPerSecond: 100 }, { plan, stage: 'response' });
  expect(did).toBe('send the body at 100 bytes a second');
  expect(plan.bytesPerSecond).toBe(100);
});

test('the first of two stays', () => {
  const plan = emptyPlan();
  applyFault(slowBody, { bytesPerSecond: 100 }, { plan, stage: 'request' });
  applyFault(slowBody, { bytesPerSecond: 5 }, { plan, stage: 'response' });
  expect(plan.bytesPerSecond).toBe(100);
});

test('a body that does not move at all is a hang, not a pace', () =>
  expect(complaintsOf(slowBody, { bytesPerSecond: 0 })).toHaveLength(1));
