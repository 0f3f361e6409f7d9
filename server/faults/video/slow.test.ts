import { expect, test } from 'vitest';
import { applyFault, complaintsOf, emptyPlan } from '../testing.ts';
import { slow } from './slow.ts';

test('the file goes at a pace, the first that was given', () => {
  const plan = emptyPlan();
  expect(applyFault(slow, { bytesPerSecond: 100 }, { plan, stage: 'video' })).toBe(
    'send the file at 100 bytes a second',
  );
  applyFault(slow, { bytesPerSecond: 5 }, { plan, stage: 'video' });
  expect(plan.bytesPerSecond).toBe(100);
});

test('a file that does not move at all is none', () =>
  expect(complaintsOf(slow, { bytesPerSecond: 0 })).toHaveLength(1));
