import { expect, test } from 'vitest';
import { applyFault, complaintsOf, emptyPlan } from '../testing.ts';
import { truncated } from './truncated.ts';

test.each([
  [{ afterBytes: 1000 }, { bodyBytes: 1000 }, 'reset the connection after 1000 bytes of the file'],
  [{ share: 0.5, how: 'fin' }, { share: 0.5 }, 'close the connection after a share of 0.5 of the file'],
])('with %o the file ends at %o', (params, at, did) => {
  const plan = emptyPlan();
  expect(applyFault(truncated, params, { plan, stage: 'video' })).toBe(did);
  expect(plan.end).toMatchObject({ at });
});

test('the first end stays', () => {
  const plan = emptyPlan();
  applyFault(truncated, { share: 0.1 }, { plan, stage: 'video' });
  applyFault(truncated, { share: 0.2 }, { plan, stage: 'video' });
  expect(plan.end?.at).toEqual({ share: 0.1 });
});

test('where it ends is given once, and lies before the end', () => {
  expect(complaintsOf(truncated, {})).toEqual([': Write exactly one of afterBytes or share.']);
  expect(complaintsOf(truncated, { afterBytes: 1, share: 0.5 })).toHaveLength(1);
  expect(complaintsOf(truncated, { share: 1 })).toHaveLength(1);
  expect(complaintsOf(truncated, { afterBytes: -1 })).toHaveLength(1);
});
