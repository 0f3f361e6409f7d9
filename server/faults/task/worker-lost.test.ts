import { expect, test } from 'vitest';
import type { TaskPlan } from '../plans.ts';
import { applyFault, complaintsOf, occasionOf } from '../testing.ts';
import { workerLost } from './worker-lost.ts';

test('it says which share goes, for how long, and what becomes of the tasks', () => {
  const plan: TaskPlan = { queuedMs: 1_000, runningMs: 4_000, outcome: 'succeeded' };
  const did = applyFault(workerLost, { share: 0.03125, for: '30s' }, { plan }, occasionOf({}, 0.25));
  expect(did).toBe('lose 3.13 % of the workers for 30s, then fail their tasks');
  expect(plan.workerLoss).toEqual({ share: 0.03125, forMs: 30_000, then: 'fail', roll: 0.25 });

  applyFault(workerLost, { share: 1, for: '1s', then: 'move' }, { plan });
  expect(plan.workerLoss).toMatchObject({ share: 0.03125 });
});

test.each([
  { share: 0, for: '1s' },
  { share: 1.1, for: '1s' },
  { share: 1 },
  { share: 1, for: '0s' },
  { share: 1, for: '1s', then: 'retry' },
])('%j is refused', (params) => expect(complaintsOf(workerLost, params)).toHaveLength(1));
