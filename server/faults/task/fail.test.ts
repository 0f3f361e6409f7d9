import { expect, test } from 'vitest';
import type { TaskPlan } from '../plans.ts';
import { applyFault, complaintsOf } from '../testing.ts';
import { fail } from './fail.ts';

const healthy = (): TaskPlan => ({ queuedMs: 1_000, runningMs: 4_000, outcome: 'succeeded' });

test('left to itself the video is found sensitive', () => {
  const plan = healthy();
  expect(applyFault(fail, {}, { plan })).toBe('let the task fail with OutputVideoSensitiveContentDetected');
  expect(plan).toMatchObject({
    outcome: 'failed',
    error: {
      code: 'OutputVideoSensitiveContentDetected',
      message: 'The request failed because the output video may contain sensitive information.',
    },
  });
});

test('a message of its own wins over the one that belongs to the code', () => {
  const plan = healthy();
  applyFault(fail, { code: 'InternalServiceError', message: 'Out of film.' }, { plan });
  expect(plan.error).toEqual({ code: 'InternalServiceError', message: 'Out of film.' });
});

test('a code that is not ours has a message too', () => {
  const plan = healthy();
  applyFault(fail, { code: 'InvalidParameter.TaskTypeMismatch' }, { plan });
  expect(plan.error?.message).toBe('The request failed.');
});

test('the first of two stays', () => {
  const plan = healthy();
  applyFault(fail, { code: 'InternalServiceError' }, { plan });
  applyFault(fail, {}, { plan });
  expect(plan.error?.code).toBe('InternalServiceError');
});

test('a code is spelled as Ark spells them', () => expect(complaintsOf(fail, { code: 'no such' })).toHaveLength(1));
