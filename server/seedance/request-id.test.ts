import { expect, test } from 'vitest';
import { Clock } from '../clock.ts';
import { randomSequence } from '../random.ts';
import { createRequestIds } from './request-id.ts';

test('an id is 02, lane time in milliseconds, the machine in 32 hex digits and a tail of 6', async () => {
  const clock = new Clock({ mode: 'manual' });
  const nextRequestId = createRequestIds({ clock, random: randomSequence(7, 'ids') });

  const first = nextRequestId();
  await clock.advance(1_000);
  const second = nextRequestId();

  expect(first).toMatch(/^02\d{13}[0-9a-f]{38}$/);
  expect(Number(second.slice(2, 15)) - Number(first.slice(2, 15))).toBe(1_000);
  expect(second.slice(15, 47)).toBe(first.slice(15, 47));
});

test('no two ids of the same millisecond are alike', () => {
  const nextRequestId = createRequestIds({ clock: new Clock({ mode: 'manual' }), random: randomSequence(7, 'ids') });
  const ids = new Set(Array.from({ length: 50_000 }, nextRequestId));
  expect(ids.size).toBe(50_000);
});
