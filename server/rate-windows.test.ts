import { expect, test } from 'vitest';
import { MAX_WINDOWS, RateWindows } from './rate-windows.ts';

test('a window opens with its first take, and the next one after it has closed', () => {
  const windows = new RateWindows(1_000);
  expect([100, 200, 1_099, 1_100].map((at) => windows.take('a', 1, at))).toEqual([true, false, false, true]);
});

test('each key has a window of its own', () => {
  const windows = new RateWindows(1_000);
  expect([windows.take('a', 1, 0), windows.take('b', 1, 0), windows.take('a', 1, 0)]).toEqual([true, true, false]);
});

test('what is refused does not count as taken, and clear forgets all of it', () => {
  const windows = new RateWindows(1_000);
  for (let nth = 0; nth < 3; nth++) windows.take('a', 2, 0);
  expect(windows.taken('a', 0)).toBe(2);
  windows.clear();
  expect(windows.taken('a', 0)).toBe(0);
});

test('the key not asked for longest makes room', () => {
  const windows = new RateWindows(1_000);
  for (let key = 0; key <= MAX_WINDOWS; key++) windows.take(key, 1, 0);
  expect([windows.take(1, 1, 0), windows.take(0, 1, 0)]).toEqual([false, true]);
});
