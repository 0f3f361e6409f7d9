import { expect, test } from 'vitest';
import { Fitting, MAX_REMEMBERED } from './fitting.ts';
import { type Criterion, criteriaOf } from './match.ts';
import type { Facts, Match } from './scenario.ts';

const named = (matches: Readonly<Record<string, Match>>) =>
  new Fitting(Object.entries(matches).map(([name, match]) => ({ name, criteria: criteriaOf(match) })));

test('those that fit are found in their order, also when asked again', () => {
  const fitting = named({
    polls: { method: 'GET', path: '/tasks/:id' },
    all: {},
    blue: { headers: { 'X-Tenant': 'blue*' } },
  });
  const namesFor = (facts: Facts) => fitting.find(facts).map(({ name }) => name);
  for (let again = 0; again < 2; again++) {
    expect(namesFor({ method: 'GET', path: '/tasks/a' })).toEqual(['polls', 'all']);
    expect(namesFor({ method: 'POST', path: '/tasks/a', headers: { 'x-tenant': 'blue-1' } })).toEqual(['all', 'blue']);
    expect(namesFor({})).toEqual(['all']);
  }
});

test('what differs only where nobody looks is asked about once', () => {
  let asked = 0;
  const criterion: Criterion = { at: 'method', wanted: 'GET', read: ({ method }) => method, fits: () => ++asked > 0 };
  const fitting = new Fitting([{ criteria: [criterion] }]);
  for (const path of ['/a', '/b', '/c']) fitting.find({ method: 'GET', path });
  expect(asked).toBe(1);
  fitting.find({ method: 'POST', path: '/a' });
  expect(asked).toBe(2);
});

test('a thing of which nothing is known is not taken for the one before', () => {
  const fitting = named({ it: { method: 'GET' } });
  expect(fitting.find({ method: 'GET' })).toHaveLength(1);
  expect(fitting.find({})).toHaveLength(0);
  expect(fitting.find({ method: 'GET' })).toHaveLength(1);
});

test('values cannot be made to pass for others', () => {
  const fitting = named({ it: { model: 'a', prompt: '1:b' } });
  const fits = (model?: string, prompt?: string) =>
    fitting.find({ ...(model && { model }), ...(prompt && { prompt }) });
  expect(fits('a', '1:b')).toHaveLength(1);
  expect(fits('a3:1', ':b')).toHaveLength(0);
  expect(fits('a3:1:b')).toHaveLength(0);
});

test('several values of one header are not one value', () => {
  const fitting = named({ it: { headers: { cookie: 'b' } } });
  expect(fitting.find({ headers: { cookie: 'a1:b' } })).toHaveLength(0);
  expect(fitting.find({ headers: { cookie: ['a', 'b'] } })).toHaveLength(1);
});

test('with more than it remembers it still answers rightly', () => {
  const fitting = named({ it: { path: '/tasks/7' } });
  const found = Array.from({ length: MAX_REMEMBERED * 2 }, (_, n) => fitting.find({ path: `/tasks/${n}` }).length);
  expect(found.indexOf(1)).toBe(7);
  expect(found.lastIndexOf(1)).toBe(7);
  expect(fitting.find({ path: '/tasks/7' })).toHaveLength(1);
  expect(fitting.find({ path: `/tasks/7?${'x'.repeat(5_000)}` })).toHaveLength(1);
});
