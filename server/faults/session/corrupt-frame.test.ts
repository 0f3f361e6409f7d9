import { expect, test } from 'vitest';
import type { SessionPlan } from '../plans.ts';
import { applyFault, complaintsOf, contradictionOf } from '../testing.ts';
import { corruptFrame } from './corrupt-frame.ts';

test('left to itself it turns over one bit', () => {
  const plan: SessionPlan = {};
  expect(applyFault(corruptFrame, { type: 'DATA' }, { plan })).toBe('turn over 1 bit in each DATA');
  expect(plan.frameRules).toMatchObject([{ direction: 'to-client', type: 0x0, deed: { how: 'flip', bits: 1 } }]);
});

test('or it misstates the length', () => {
  const plan: SessionPlan = {};
  const did = applyFault(corruptFrame, { type: 'HEADERS', lengthBy: -3, nth: 2 }, { plan });
  expect(did).toBe('misstate the length of HEADERS number 2 by -3 bytes');
  expect(plan.frameRules).toMatchObject([{ type: 0x1, nth: [2], deed: { how: 'misstate-length', byBytes: -3 } }]);
});

test('what would change nothing, or both, is refused', () => {
  expect(contradictionOf(corruptFrame, { type: 'DATA', lengthBy: 0 }, 'session')).toMatchObject({ param: 'lengthBy' });
  expect(contradictionOf(corruptFrame, { type: 'DATA', lengthBy: 1, bits: 1 }, 'session')).toMatchObject({
    param: 'lengthBy',
  });
  expect(complaintsOf(corruptFrame, { type: 'DATA', bits: 0 })).toHaveLength(1);
  expect(complaintsOf(corruptFrame, { type: 'DATA', lengthBy: 16_385 })).toHaveLength(1);
});
