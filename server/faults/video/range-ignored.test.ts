import { expect, test } from 'vitest';
import { applyFault, emptyPlan, occasionOf } from '../testing.ts';
import { rangeIgnored } from './range-ignored.ts';

test.each([
  [{ range: 'bytes=0-9' }, true],
  [{}, undefined],
])('of a request with %o the range is ignored: %s', (headers, ignored) => {
  const plan = emptyPlan();
  applyFault(rangeIgnored, {}, { plan, stage: 'video' }, occasionOf({ headers }));
  expect(plan.rangeIgnored).toBe(ignored);
});
