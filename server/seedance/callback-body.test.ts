import { expect, test } from 'vitest';
import { spoilBody } from './callback-body.ts';

const body = Buffer.from('{"id":"cgt-1","status":"running"}');

test('what nothing was planned for is the very same', () =>
  expect(spoilBody(body, { wrongTask: false, flips: [] }, () => 'cgt-2')).toBe(body));

test('another task is named, and all else stays as it was', () => {
  const spoilt = spoilBody(body, { wrongTask: true, flips: [] }, () => 'cgt-2');
  expect(spoilt.toString()).toBe('{"id":"cgt-2","status":"running"}');
});

test('bits are turned in a copy', () => {
  const before = body.toString();
  const spoilt = spoilBody(body, { wrongTask: false, flips: [{ at: 0, bits: 0x20 }] }, () => '');
  expect(spoilt.toString()).toBe(`[${before.slice(1)}`);
  expect(body.toString()).toBe(before);
});
