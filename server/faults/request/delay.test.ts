import { expect, test } from 'vitest';
import { applyFault, complaintsOf, contradictionOf, emptyPlan, occasionOf } from '../testing.ts';
import { delay } from './delay.ts';

test('on request the work starts late', () => {
  const plan = emptyPlan();
  expect(applyFault(delay, { ms: 200 }, { plan, stage: 'request' })).toBe('wait 200ms');
  expect(plan).toEqual({ delayBeforeMs: 200, delayAfterMs: 0 });
});

test('on response the answer is late', () => {
  const plan = emptyPlan();
  expect(applyFault(delay, { ms: '2s' }, { plan, stage: 'response' })).toBe('wait 2s');
  expect(plan).toEqual({ delayBeforeMs: 0, delayAfterMs: 2_000 });
});

test('delays add up', () => {
  const plan = emptyPlan();
  applyFault(delay, { ms: 200 }, { plan, stage: 'request' });
  applyFault(delay, { ms: '1s' }, { plan, stage: 'request' });
  expect(plan.delayBeforeMs).toBe(1_200);
});

test('ten minutes are the limit, in either spelling', () => {
  expect(complaintsOf(delay, { ms: '10m' })).toEqual([]);
  expect(complaintsOf(delay, { ms: 600_000 })).toEqual([]);
  expect(complaintsOf(delay, { ms: '601s' })).toHaveLength(1);
  expect(complaintsOf(delay, { ms: 600_001 })).toHaveLength(1);
  expect(complaintsOf(delay, { ms: -1 })).toHaveLength(1);
});

/** What is waited when every draw comes out the same. */
const drawnAt = (params: object, drawn: number) => {
  const plan = emptyPlan();
  applyFault(delay, params, { plan, stage: 'request' }, occasionOf({}, drawn));
  return plan.delayBeforeMs;
};

test('uniform lies between its ends', () => {
  const uniform = { from: '100ms', to: '2s' };
  expect([0, 0.5, 0.999999].map((drawn) => drawnAt({ uniform }, drawn))).toEqual([100, 1_050, 2_000]);
});

test('normal and log-normal lie around their middle', () => {
  // A quarter turn: no deviation at all.
  expect(drawnAt({ normal: { mean: 200, deviation: 50 } }, 0.25)).toBe(200);
  expect(drawnAt({ 'log-normal': { median: 200, sigma: 2 } }, 0.25)).toBe(200);
  // Half a turn at this radius is 1.18 deviations below.
  expect(drawnAt({ normal: { mean: 200, deviation: 50 } }, 0.5)).toBe(141);
  expect(drawnAt({ 'log-normal': { median: 200, sigma: 1 } }, 0.5)).toBe(62);
});

test('what is drawn is never below nothing, nor above ten minutes', () => {
  expect(drawnAt({ normal: { mean: 10, deviation: '10m' } }, 0.5)).toBe(0);
  expect(drawnAt({ 'log-normal': { median: '10m', sigma: 10 } }, 0.01)).toBe(600_000);
});

test('it says what it may do before, and what it does on an occasion', () => {
  const said = (params: object) => {
    const injection = delay.bind(delay.params.parse(params));
    return [injection.did, injection.didOn(occasionOf({}, 0.25))];
  };
  expect(said({ uniform: { from: '100ms', to: '2s' } })).toEqual(['wait 100ms to 2s', 'wait 575ms']);
  expect(said({ normal: { mean: '2s', deviation: 50 } })).toEqual(['wait 2s, give or take 50ms', 'wait 2s']);
  expect(said({ 'log-normal': { median: '2s', sigma: 0.5 } })).toEqual([
    'wait 2s at the median, with a tail of sigma 0.5',
    'wait 2s',
  ]);
});

test('exactly one length has to be given', () => {
  expect(complaintsOf(delay, {})).toEqual([': Write exactly one of ms, uniform, normal, log-normal or exponential.']);
  expect(complaintsOf(delay, { ms: 1, normal: { mean: 1, deviation: 1 } })).toHaveLength(1);
  expect(complaintsOf(delay, { uniform: { from: 1 } })).toHaveLength(1);
  expect(complaintsOf(delay, { 'log-normal': { median: 1, sigma: 0 } })).toHaveLength(1);
});

test('a range that ends before it starts is none', () => {
  const range = (from: string, to: string) => contradictionOf(delay, { uniform: { from, to } }, 'request');
  expect(range('2s', '1s')).toMatchObject({ param: 'uniform' });
  expect(range('1s', '1s')).toBeUndefined();
});
