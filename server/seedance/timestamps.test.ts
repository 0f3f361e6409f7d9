import { expect, test } from 'vitest';
import { fromBasicTime, toBasicTime, toChinaTime, toSeconds } from './timestamps.ts';

const AT_MS = 1_795_334_592_345;

test('the same moment as the fields, the task id and the signed URL write it', () => {
  expect(toSeconds(AT_MS)).toBe(1_795_334_592);
  expect(toChinaTime(AT_MS)).toBe('20261122160312');
  expect(toBasicTime(AT_MS)).toBe('20261122T080312Z');
});

test('the time of a signed URL reads back to the second', () => {
  expect(fromBasicTime('20261122T080312Z')).toBe(1_795_334_592_000);
  expect(fromBasicTime('yesterday')).toBeNaN();
});
