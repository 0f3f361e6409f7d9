import { expect, test } from 'vitest';
import { applyFault, healthyCallback, occasionOf } from '../testing.ts';
import { drop } from './drop.ts';

test('nobody is told', () => {
  const plan = healthyCallback();
  expect(applyFault(drop, {}, { plan, last: false })).toBe('lose the callback');
  expect(plan).toEqual({ ...healthyCallback(), dropped: true });
});

test('what is lost already is not lost again', () =>
  expect(
    drop.bind({}).applies({ plan: { ...healthyCallback(), dropped: true }, last: false } as never, occasionOf()),
  ).toBe(false));
