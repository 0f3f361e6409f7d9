import { expect, test } from 'vitest';
import { applyFault, complaintsOf, emptyPlan, occasionOf } from '../testing.ts';
import { redirect } from './redirect.ts';

const here = occasionOf({ path: '/api/v3/tasks?a=b' });

test('left to itself it points to the very same URL', () => {
  const plan = emptyPlan();
  expect(applyFault(redirect, {}, { plan, stage: 'request' }, here)).toBe('answer 302 and point to the same URL');
  expect(plan.statusBefore).toEqual({ code: 302, headers: { location: '/api/v3/tasks?a=b' } });
});

test('on response the work is done first', () => {
  const plan = emptyPlan();
  applyFault(redirect, { code: 307, location: 'https://other.example/x' }, { plan, stage: 'response' }, here);
  expect(plan.statusBefore).toBeUndefined();
  expect(plan.statusAfter).toEqual({ code: 307, headers: { location: 'https://other.example/x' } });
});

test('the first of two stays', () => {
  const plan = emptyPlan();
  applyFault(redirect, { code: 307 }, { plan, stage: 'request' }, here);
  applyFault(redirect, { code: 301 }, { plan, stage: 'request' }, here);
  expect(plan.statusBefore?.code).toBe(307);
});

test('it takes the codes that redirect, and places that a header can name', () => {
  expect(complaintsOf(redirect, { code: 304 })).toHaveLength(1);
  for (const location of ['tasks', 'ftp://a/b', '/a b', '/a\r\nx: y', 'https:///'])
    expect(complaintsOf(redirect, { location })).toHaveLength(1);
  expect(complaintsOf(redirect, { location: '//other.example/x' })).toEqual([]);
});
