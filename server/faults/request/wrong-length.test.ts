import { expect, test } from 'vitest';
import { applyFault, complaintsOf, emptyPlan } from '../testing.ts';
import { wrongLength } from './wrong-length.ts';

test.each([
  [10, 'announce 10 bytes more than the body has'],
  [-3, 'announce 3 bytes fewer than the body has'],
])('%i bytes beside the truth', (by, did) => {
  const plan = emptyPlan();
  expect(applyFault(wrongLength, { by }, { plan, stage: 'response' })).toBe(did);
  expect(plan.lengthOffBy).toBe(by);
});

test('a length that is right is no fault', () => {
  expect(complaintsOf(wrongLength, { by: 0 })).toHaveLength(1);
  expect(complaintsOf(wrongLength, {})).toHaveLength(1);
});
