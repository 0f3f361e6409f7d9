import { expect, test } from 'vitest';
import { applyFault, complaintsOf, contradictionOf, emptyPlan } from '../testing.ts';
import { status } from './status.ts';

test('on request it stands in place of the work', () => {
  const plan = emptyPlan();
  const params = { code: 429, error: 'ServerOverloaded', retryAfter: 2 };
  const did = applyFault(status, params, { plan, stage: 'request' });
  expect(did).toBe('answer 429 ServerOverloaded with Retry-After 2');
  expect(plan.statusBefore).toEqual({ code: 429, error: 'ServerOverloaded', headers: {}, retryAfter: 2 });
  expect(plan.statusAfter).toBeUndefined();
});

test('on response the work is done, and only the answer is replaced', () => {
  const plan = emptyPlan();
  expect(applyFault(status, { code: 500 }, { plan, stage: 'response' })).toBe('answer 500');
  expect(plan.statusAfter).toEqual({ code: 500, error: undefined, headers: {} });
  expect(plan.statusBefore).toBeUndefined();
});

test('header names go out in lower case, as HTTP/2 wants them', () => {
  const plan = emptyPlan();
  applyFault(status, { code: 503, headers: { 'X-Shed': 'yes' } }, { plan, stage: 'request' });
  expect(plan.statusBefore?.headers).toEqual({ 'x-shed': 'yes' });
});

test('the first of two stays', () => {
  const plan = emptyPlan();
  applyFault(status, { code: 500 }, { plan, stage: 'request' });
  applyFault(status, { code: 429 }, { plan, stage: 'request' });
  expect(plan.statusBefore?.code).toBe(500);
});

test('Retry-After is seconds or an HTTP date', () => {
  expect(complaintsOf(status, { code: 503, retryAfter: 'Sun, 06 Nov 1994 08:49:37 GMT' })).toEqual([]);
  expect(complaintsOf(status, { code: 503, retryAfter: 'tomorrow' })).toHaveLength(1);
  expect(complaintsOf(status, { code: 503, retryAfter: -1 })).toHaveLength(1);
});

test('headers that the server writes itself, or that would break the message, are refused', () => {
  expect(complaintsOf(status, { code: 503, headers: { 'Content-Length': '1' } })).toHaveLength(1);
  expect(complaintsOf(status, { code: 503, headers: { 'x y': '1' } })).toHaveLength(1);
  expect(complaintsOf(status, { code: 503, headers: { 'x-y': 'a\r\nb: c' } })).toHaveLength(1);
});

test('an error code belongs to an error', () => {
  expect(contradictionOf(status, { code: 200, error: 'QuotaExceeded' }, 'request')).toMatchObject({ param: 'error' });
  expect(contradictionOf(status, { code: 400, error: 'QuotaExceeded' }, 'request')).toBeUndefined();
});

test('a code of the service brings its status along', () => {
  const plan = emptyPlan();
  expect(applyFault(status, { error: 'ServerOverloaded' }, { plan, stage: 'request' })).toBe(
    'answer 429 ServerOverloaded',
  );
  expect(plan.statusBefore).toMatchObject({ code: 429, error: 'ServerOverloaded' });
});

test('a code that ends in a parameter has the status of what it refines', () => {
  for (const [error, code] of [
    ['MissingParameter.model', 400],
    ['InvalidParameter.ratio', 400],
    ['NotFound.task_id', 404],
  ] as const) {
    const plan = emptyPlan();
    applyFault(status, { error }, { plan, stage: 'request' });
    expect(plan.statusBefore).toMatchObject({ code, error });
  }
});

test('a code that the service has not needs a status beside it', () => {
  expect(contradictionOf(status, { error: 'ServerOverload' }, 'request')).toMatchObject({
    param: 'error',
    instead: expect.stringContaining('Did you mean `ServerOverloaded`?'),
  });
  expect(contradictionOf(status, { code: 429, error: 'OwnCode' }, 'request')).toBeUndefined();
  expect(contradictionOf(status, {}, 'request')).toMatchObject({ reason: expect.stringContaining('neither') });
});

test('a body of its own leaves no room for an error code', () => {
  const given = { code: 502, error: 'InternalServiceError', body: 'html' } as const;
  expect(contradictionOf(status, given, 'request')).toMatchObject({ param: 'error' });
});

test('a final status has three digits from 200 on', () => {
  expect(complaintsOf(status, { code: 199 })).toHaveLength(1);
  expect(complaintsOf(status, { code: 600 })).toHaveLength(1);
});
