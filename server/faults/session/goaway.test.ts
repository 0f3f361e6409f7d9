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

test('only what nghttp2 would not send asks for frames of our own', () => {
  const needs = (params: object) => goaway.bind(goaway.params.parse(params)).needs;
  expect([{}, { lastStreamId: 1 }, { lastStreamId: 0 }, { lastStreamId: 4 }, { graceful: true }].map(needs)).toEqual([
    undefined,
    undefined,
    'frames',
    'frames',
    'frames',
  ]);
});

test('on a connection whose frames are out of reach it does nothing then', () => {
  const context = { plan: emptyPlan(), stage: 'request', frames: 'out-of-reach' } as const;
  applyFault(goaway, { lastStreamId: 0 }, context);
  expect(context.plan.goaway).toBeUndefined();
  applyFault(goaway, { lastStreamId: 1 }, context);
  expect(context.plan.goaway).toMatchObject({ lastStreamId: 1 });
});
