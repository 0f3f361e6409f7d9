import { expect, test } from 'vitest';
import { printableError, printableLine, printableText } from './printable.ts';

test.each([
  ['\u001b[31m', '\\u001b[31m'],
  ['a\nb\rc\td', 'a\\u000ab\\u000dc\\u0009d'],
  ['\0\u007f', '\\u0000\\u007f'],
  ['\u0080\u0085\u009b', '\\u0080\\u0085\\u009b'],
  ['\u2028\u2029', '\\u2028\\u2029'],
  ['\u061c\u200e\u200f\u202a\u202e\u2066\u2069', '\\u061c\\u200e\\u200f\\u202a\\u202e\\u2066\\u2069'],
  ['\ud800x\udc00\ufffe\uffff', '\\ud800x\\udc00\\ufffe\\uffff'],
  ['Grüße, 你好 👩‍🚀 "<&\\', 'Grüße, 你好 👩‍🚀 "<&\\'],
])('%j in a line is shown as %j', (text, shown) => expect(printableLine(text)).toBe(shown));

test('text keeps its line breaks and tabs, and nothing else', () =>
  expect(printableText('a\n\tb\r\u009b')).toBe('a\n\tb\\u000d\\u009b'));

test('JSON stays the same JSON', () => {
  const value = { 'a\\\u009b': ['\u202e\n\u007f', '\u2028\\', 'ü'] };
  const text = JSON.stringify(value, null, 2);

  expect(printableText(text)).toContain('"\\u202e\\n\\u007f"');
  expect(JSON.parse(printableText(text))).toEqual(value);
});

test('an error takes a line for its message and one for each frame', () => {
  const error = new Error('1\n    at forged (x:1:1)\u001b');
  const frames = new Error('1').stack?.split('\n').slice(1) ?? [];

  const [head, ...rest] = printableError(error.message, error.stack).split('\n');

  expect(head).toBe('Error: 1\\u000a    at forged (x:1:1)\\u001b');
  expect(rest).toHaveLength(frames.length);
});

test.each(['x\nERROR: forged', '\u001b\nx'])('what is no stack takes one line: %j', (stack) => {
  expect(printableError('x', stack)).toBe(printableLine(stack));
});
