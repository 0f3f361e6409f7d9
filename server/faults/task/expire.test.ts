import { expect, test } from 'vitest';
import type { TaskPlan } from '../plans.ts';
import { applyFault, complaintsOf, contradictionOf } from '../testing.ts';
import { expire } from './expire.ts';

const healthy = (): TaskPlan => ({ queuedMs: 1_000, runningMs: 4_000, outcome: 'succeeded' });

test.each([
  [{}, {}, 'leave the task queued until it is due to expire'],
  [{ after: '0s' }, { expiresAfterMs: 0 }, 'let the task expire at once'],
  [{ after: '2m' }, { expiresAfterMs: 120_000 }, 'let the task expire after 2m'],
  [{ late: '1h' }, { expiresLateMs: 3_600_000 }, 'leave the task queued until 1h after it is due to expire'],
])('%j', (params, expected, did) => {
  const plan = healthy();
  expect(applyFault(expire, params, { plan })).toBe(did);
  expect(plan).toEqual({ ...healthy(), stickIn: 'queued', ...expected });
});

test('what sticks already stays as it is', () => {
  const plan: TaskPlan = { ...healthy(), stickIn: 'running' };
  applyFault(expire, { after: '0s' }, { plan });
  expect(plan).toEqual({ ...healthy(), stickIn: 'running' });
});

test('both times cannot hold', () =>
  expect(contradictionOf(expire, { after: '1s', late: '1s' }, 'task')).toMatchObject({ param: 'late' }));

test('nothing outlives three days', () =>
  expect(complaintsOf(expire, { after: '73h' })).toEqual(['after: DURATION_TOO_LONG']));
