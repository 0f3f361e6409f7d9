import { expect, test } from 'vitest';
import type { Facts } from '../../scenario/scenario.ts';
import { complaintsOf, emptyPlan, occasionOf } from '../testing.ts';
import { rateLimit } from './rate-limit.ts';

/** Asks again and again, as the injector does; gives the Retry-After of each 429. */
function open(params: object) {
  const injection = rateLimit.bind(rateLimit.params.parse(params));
  const kept: unknown[] = [];
  const memory = <T>(create: () => T): T => {
    if (kept.length === 0) kept.push(create());
    return kept[0] as T;
  };
  return (nowMs: number, facts: Facts = { client: 'a', connection: 1 }) => {
    const plan = emptyPlan();
    const context = { plan, stage: 'request' } as never;
    const occasion = { ...occasionOf(facts), nowMs, memory };
    if (injection.applies(context, occasion)) injection.apply(context, occasion);
    return plan.statusBefore?.retryAfter;
  };
}

test('what is above the limit is answered with 429, until the window closes', () => {
  const ask = open({ requests: 2, per: '10s' });
  expect([1_000, 2_000, 3_000, 10_999].map((at) => ask(at))).toEqual([undefined, undefined, 8, 0.001]);
  expect([11_000, 20_999, 20_999].map((at) => ask(at))).toEqual([undefined, undefined, 0.001]);
});

test('each client has a window of its own, or each connection, or all share one', () => {
  const others = [
    { client: 'b', connection: 1 },
    { client: 'a', connection: 2 },
  ];
  const passed = (by: string) => {
    const ask = open({ requests: 1, per: '1s', by });
    ask(0);
    return others.map((facts) => ask(0, facts) === undefined);
  };
  expect(passed('client')).toEqual([true, false]);
  expect(passed('connection')).toEqual([false, true]);
  expect(passed('lane')).toEqual([false, false]);
});

test('Retry-After can be given, or left out', () => {
  expect(open({ requests: 0, per: '1s', retryAfter: 7 })(0)).toBe(7);
  expect(open({ requests: 0, per: '1s', retryAfter: 'none' })(0)).toBeUndefined();
});

test('it says what it allows, and what it does on an occasion', () => {
  const injection = rateLimit.bind(rateLimit.params.parse({ requests: 60, per: '1m' }));
  expect(injection.did).toBe('answer 429 AccountRateLimitExceeded to more than 60 requests per 1m and client');
  expect(injection.didOn(occasionOf())).toBe('answer 429 AccountRateLimitExceeded, as 60 requests per 1m are exceeded');
});

test('a window lasts, and its size is a whole number', () => {
  expect(complaintsOf(rateLimit, { requests: 1, per: '0s' })).toHaveLength(1);
  expect(complaintsOf(rateLimit, { requests: 1.5, per: '1s' })).toHaveLength(1);
  expect(complaintsOf(rateLimit, { requests: 1, per: '1s', by: 'task' })).toHaveLength(1);
  expect(complaintsOf(rateLimit, { requests: 1, per: '1s', retryAfter: 'soon' })).toHaveLength(1);
});
