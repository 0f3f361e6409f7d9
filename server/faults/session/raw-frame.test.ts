import { expect, test } from 'vitest';
import type { SessionPlan } from '../plans.ts';
import { applyFault, complaintsOf, contradictionOf, emptyPlan } from '../testing.ts';
import { rawFrame } from './raw-frame.ts';

test('bytes are sent as they are written', () => {
  const plan: SessionPlan = {};
  const did = applyFault(rawFrame, { hex: '000008 06 00 00000000 0102030405060708' }, { plan });
  expect(did).toBe('send 17 bytes as they are');
  expect(plan.extraFrames).toEqual([{ frame: Buffer.from('0000080600000000000102030405060708', 'hex'), count: 1 }]);
});

test('a frame has a type by name or number, and on a request its stream', () => {
  const plan = emptyPlan();
  const context = { plan, stage: 'request', frames: 'in-reach' } as const;
  expect(applyFault(rawFrame, { type: 'WINDOW_UPDATE', payload: '7fffffff' }, context)).toBe(
    'send a frame of type WINDOW_UPDATE',
  );
  applyFault(rawFrame, { type: 0xbe, flags: 1, stream: 9 }, context);
  expect(plan.extraFrames).toMatchObject([
    { frame: { type: 0x8, flags: 0, stream: undefined, payload: Buffer.from('7fffffff', 'hex') } },
    { frame: { type: 0xbe, flags: 1, stream: 9 } },
  ]);
});

test.each(['out-of-reach', undefined] as const)('where frames are %s it does nothing', (frames) => {
  const plan = emptyPlan();
  applyFault(rawFrame, { type: 'PING' }, { plan, stage: 'request', ...(frames && { frames }) });
  expect(plan.extraFrames).toBeUndefined();
});

test('what cannot be sent is refused', () => {
  expect(contradictionOf(rawFrame, {}, 'session')).toMatchObject({ reason: 'There is nothing to send.' });
  expect(contradictionOf(rawFrame, { hex: '00', flags: 1 }, 'session')).toMatchObject({ param: 'flags' });
  expect(complaintsOf(rawFrame, { hex: '0' })).toHaveLength(1);
  expect(complaintsOf(rawFrame, { hex: '00'.repeat(16_394) })).toHaveLength(1);
  expect(complaintsOf(rawFrame, { type: 256 })).toHaveLength(1);
  expect(complaintsOf(rawFrame, { type: 'PING', stream: 2 ** 31 })).toHaveLength(1);
});
