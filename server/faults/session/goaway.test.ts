import { expect, test } from 'vitest';
import type { SessionPlan } from '../plans.ts';
import { applyFault, complaintsOf, emptyPlan } from '../testing.ts';
import { goaway } from './goaway.ts';

test('left to itself it announces a shutdown without an error', () => {
  const plan: SessionPlan = {};
  expect(applyFault(goaway, {}, { plan })).toBe('send GOAWAY NO_ERROR, last stream seen so far');
  expect(plan.goaway).toEqual({ code: 0, lastStreamId: undefined, graceful: false });
});

test('it names the code and the last stream', () => {
  const plan = emptyPlan();
  const params = { code: 'ENHANCE_YOUR_CALM', lastStreamId: 1, graceful: true };
  const did = applyFault(goaway, params, { plan, stage: 'response' });
  expect(did).toBe('send a warning and then GOAWAY ENHANCE_YOUR_CALM, last stream 1');
  expect(plan.goaway).toEqual({ code: 0xb, lastStreamId: 1, graceful: true });
});

test('the first of two stays', () => {
  const plan: SessionPlan = {};
  applyFault(goaway, { lastStreamId: 1 }, { plan });
  applyFault(goaway, { lastStreamId: 3 }, { plan });
  expect(plan.goaway?.lastStreamId).toBe(1);
});

test('a stream identifier has 31 bits (RFC 9113, section 4.1)', () => {
  expect(complaintsOf(goaway, { lastStreamId: 2 ** 31 - 1 })).toEqual([]);
  expect(complaintsOf(goaway, { lastStreamId: 2 ** 31 })).toHaveLength(1);
});
