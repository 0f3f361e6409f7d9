import { expect, test } from 'vitest';
import { renderExcerpt } from './excerpt.ts';

test('carets stand under the place', () =>
  expect(renderExcerpt('    inject: [ go-away ]', 4, 15, 7)).toBe(
    ['    4 |     inject: [ go-away ]', '      |               ^^^^^^^'].join('\n'),
  ));

test('a tab before the place stays a tab', () =>
  expect(renderExcerpt('\tseed: x', 2, 8, 1)).toBe(['    2 | \tseed: x', '      | \t      ^'].join('\n')));

test('a place at the end of the line still has a caret', () =>
  expect(renderExcerpt('a: [', 1, 5, 0)).toBe(['    1 | a: [', '      |     ^'].join('\n')));

test('carets stop where the line does', () =>
  expect(renderExcerpt('a: {', 1, 4, 500)).toBe(['    1 | a: {', '      |    ^'].join('\n')));

test('a long line is cut around the place, and says so', () => {
  const [source, carets] = renderExcerpt(`${'x'.repeat(500)}HERE${'y'.repeat(500)}`, 1, 501, 4).split('\n');
  expect(source).toMatch(/^ {4}1 \| …x+HEREy+…$/);
  expect(source?.indexOf('HERE')).toBe(carets?.indexOf('^^^^'));
  expect(source?.length).toBeLessThan(140);
});
