import { expect, test } from 'vitest';
import type { SessionPlan } from '../plans.ts';
import { applyFault, complaintsOf } from '../testing.ts';
import { dropFrame } from './drop-frame.ts';

test('left to itself it drops each frame of a type that goes to the client', () => {
  const plan: SessionPlan = {};
  expect(applyFault(dropFrame, { type: 'DATA' }, { plan })).toBe('drop each DATA to the client');
  expect(plan.frameRules).toEqual([{ direction: 'to-client', type: 0x0, nth: undefined, deed: { how: 'drop' } }]);
});

test('or some, and those of the client', () => {
  const plan: SessionPlan = {};
  const did = applyFault(dropFrame, { type: 'RST_STREAM', direction: 'from-client', nth: [1, 3] }, { plan });
  expect(did).toBe('drop RST_STREAM number 1 and 3 from the client');
  expect(plan.frameRules).toMatchObject([{ direction: 'from-client', type: 0x3, nth: [1, 3] }]);
});

test('a type has to be given, and frames are counted from 1', () => {
  expect(complaintsOf(dropFrame, {})).toHaveLength(1);
  expect(complaintsOf(dropFrame, { type: 'TRAILERS' })).toHaveLength(1);
  expect(complaintsOf(dropFrame, { type: 'DATA', nth: 0 })).toHaveLength(1);
});
