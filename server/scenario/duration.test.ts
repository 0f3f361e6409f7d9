import { expect, test } from 'vitest';
import { parseDuration, renderDuration } from './duration.ts';

test.each([
  ['250ms', 250],
  ['8s', 8_000],
  ['0.5s', 500],
  ['2m', 120_000],
  ['48h', 172_800_000],
])('%s is %i ms', (text, ms) => expect(parseDuration(text)).toBe(ms));

test.each(['8', '8 s', 's', '-1s', '1d', '1e3s', ''])('"%s" is no duration', (text) =>
  expect(parseDuration(text)).toBeUndefined(),
);

test.each([
  [0, '0ms'],
  [250, '250ms'],
  [1_500, '1.5s'],
  [60_000, '1m'],
  [90_000, '90s'],
  [3_600_000, '1h'],
])('%i ms is written %s, and read back', (ms, text) => {
  expect(renderDuration(ms)).toBe(text);
  expect(parseDuration(text)).toBe(ms);
});
