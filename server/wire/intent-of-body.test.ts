import { expect, test } from 'vitest';
import { intentOfBody, MAX_INTENT_BYTES } from './intent-of-body.ts';

const TASKS = '/api/v3/contents/generations/tasks';
const content = [{ type: 'text', text: 'A cat.' }];
const of = (body: unknown, method = 'POST', path = TASKS) => intentOfBody(method, path, JSON.stringify(body));

test.each([
  ['another seed', { content, seed: 7 }],
  ['a mark', { content, safety_identifier: 'user-1' }],
  ['another callback', { content, callback_url: 'http://localhost/hook' }],
  ['a seed in the prompt', { content: [{ type: 'text', text: 'A cat. --seed 11' }] }],
])('a create with %s wants the same', (_what, body) => expect(of(body)).toBe(of({ content })));

test('the order of the fields does not matter', () =>
  expect(of({ model: 'm', content, seed: 1 })).toBe(of({ content, model: 'm' })));

test.each([
  ['prompt', { content: [{ type: 'text', text: 'A dog.' }] }],
  ['model', { content, model: 'm' }],
  ['duration', { content, duration: 5 }],
])('a create with another %s wants something else', (_what, body) => expect(of(body)).not.toBe(of({ content })));

test('only a create that can be read has an intent', () => {
  expect(of({ content })).toMatch(/^[0-9a-f]{16}$/);
  expect(of({ content }, 'POST', `${TASKS}/`)).toBeDefined();
  expect(of({ content }, 'DELETE')).toBeUndefined();
  expect(of({ content }, 'POST', '/api/v3/heartbeat')).toBeUndefined();
  expect(of([content])).toBeUndefined();
  expect(of(null)).toBeUndefined();
  expect(intentOfBody('POST', TASKS, '{"content":')).toBeUndefined();
  expect(of({ content: 'x'.repeat(MAX_INTENT_BYTES) })).toBeUndefined();
});
