import { expect, test } from 'vitest';
import type { HoldMoment } from '../../scenario/scenario.ts';
import type { ConnectionPlan } from '../plans.ts';
import { applyFault, complaintsOf } from '../testing.ts';
import { refuse } from './refuse.ts';

const hold = (params: object, after: number) => {
  const moment: HoldMoment = { sinceMs: 1_000, nowMs: 1_000 + after, openConnections: 0, servedConnections: 0 };
  return refuse.bind(refuse.params.parse(params)).hold?.(moment);
};

test('the connection that strikes is reset', () => {
  const plan: ConnectionPlan = {};
  expect(applyFault(refuse, { for: '10s' }, { plan, openConnections: 1 })).toBe('refuse connections for 10s');
  expect(plan).toEqual({ end: { at: 'accept', how: 'reset' } });
});

test('nobody gets in for so long', () => {
  expect(hold({ for: '10s' }, 0)).toBe('refuse');
  expect(hold({ for: '10s' }, 9_999)).toBe('refuse');
  expect(hold({ for: '10s' }, 10_000)).toBeUndefined();
});

test('or until it is disarmed', () => expect(hold({}, 1_000_000)).toBe('refuse'));

test.each([[{ for: '0s' }], [{ for: 10 }], [{ until: '3s' }]])('%j is refused', (params) =>
  expect(complaintsOf(refuse, params)).toHaveLength(1),
);
