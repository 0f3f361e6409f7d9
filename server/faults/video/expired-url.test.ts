import { expect, test } from 'vitest';
import { applyFault, complaintsOf, emptyPlan } from '../testing.ts';
import { expiredUrl } from './expired-url.ts';

test('the storage is told that the URL is too old', () => {
  const plan = emptyPlan();
  expect(applyFault(expiredUrl, {}, { plan, stage: 'video' })).toBe('answer 403, as if the URL had expired');
  expect(plan.urlExpired).toBe(true);
});

test('it has no settings', () => expect(complaintsOf(expiredUrl, { after: '1s' })).toHaveLength(1));
