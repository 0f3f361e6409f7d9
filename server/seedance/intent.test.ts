import { expect, test } from 'vitest';
import { readCreateRequest } from './create-request.ts';
import { intentOf } from './intent.ts';

const MODEL = 'doubao-seedance-2-0-260128';
const text = (words: string) => ({ type: 'text', text: words });
const wish = (more: object = {}, ...content: readonly object[]) =>
  intentOf(readCreateRequest({ model: MODEL, content: [text('a red kite'), ...content], ...more }));

test.each([
  ['another seed', { seed: 7 }],
  ['a field that the service does not know', { nonce: 'x' }],
  ['another receiver of callbacks', { callback_url: 'http://127.0.0.1:9/hook' }],
])('%s asks for the same', (_what, more) => expect(wish(more).intent).toBe(wish().intent));

test('a seed in the prompt is a seed', () => {
  const seeded = intentOf(readCreateRequest({ model: MODEL, content: [text('a red kite --seed 5')] }));
  expect(seeded.intent).toBe(wish().intent);
});

test.each([
  ['another length', { duration: 6 }],
  ['another ratio', { ratio: '1:1' }],
])('%s asks for something else', (_what, more) => expect(wish(more).intent).not.toBe(wish().intent));

test('so do another prompt and another picture', () => {
  const other = intentOf(readCreateRequest({ model: MODEL, content: [text('a blue kite')] }));
  const picture = { type: 'image_url', image_url: { url: 'https://example.com/a.png' }, role: 'first_frame' };
  expect(new Set([wish().intent, other.intent, wish({}, picture).intent]).size).toBe(3);
});

test('a mark has a digest of its own, and is no part of the wish', () => {
  const [one, two] = [wish({ safety_identifier: 'one' }), wish({ safety_identifier: 'two' })];
  expect(one.intent).toBe(two.intent);
  expect(one.mark).not.toBe(two.mark);
  expect(one.mark).toMatch(/^[0-9a-f]{16}$/);
  expect(wish().mark).toBeUndefined();
});
