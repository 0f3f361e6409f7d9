import { expect, test } from 'vitest';
import { applyFault, complaintsOf, emptyPlan } from '../testing.ts';
import { dropHeader } from './drop-header.ts';

test('headers are left out, as many as are named', () => {
  const plan = emptyPlan();
  expect(applyFault(dropHeader, { name: 'X-Request-Id' }, { plan, stage: 'request' })).toBe('leave out x-request-id');
  applyFault(dropHeader, { name: 'content-type' }, { plan, stage: 'response' });
  expect(plan.fields).toEqual({ 'x-request-id': null, 'content-type': null });
});

test('what HTTP cannot do without stays', () => {
  expect(complaintsOf(dropHeader, { name: 'Transfer-Encoding' })).toHaveLength(1);
  expect(complaintsOf(dropHeader, { name: 'x y' })).toHaveLength(1);
});
