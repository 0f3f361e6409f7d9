import { expect, test } from 'vitest';
import { applyFault, complaintsOf, emptyPlan } from '../testing.ts';
import { wrongType } from './wrong-type.ts';

test('left to itself the body is called a page', () => {
  const plan = emptyPlan();
  expect(applyFault(wrongType, {}, { plan, stage: 'response' })).toBe('call the body text/html');
  expect(plan.fields).toEqual({ 'content-type': 'text/html' });
});

test('the first of two stays', () => {
  const plan = emptyPlan();
  applyFault(wrongType, { type: 'text/plain' }, { plan, stage: 'request' });
  applyFault(wrongType, {}, { plan, stage: 'response' });
  expect(plan.fields).toEqual({ 'content-type': 'text/plain' });
});

test('a type stands in one line', () => {
  expect(complaintsOf(wrongType, { type: '' })).toHaveLength(1);
  expect(complaintsOf(wrongType, { type: 'a\r\nb: c' })).toHaveLength(1);
});
