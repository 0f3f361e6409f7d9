import { describe, expect, test } from 'vitest';
import { fitsPath, fitsText } from './pattern.ts';

const TASK = '/api/v3/contents/generations/tasks/:id';

describe('paths', () => {
  test.each([
    [TASK, '/api/v3/contents/generations/tasks/cgt-1'],
    [TASK, '/api/v3/contents/generations/tasks/cgt-1?page_num=1'],
    ['/api/v3/*', '/api/v3/'],
    ['/api/v3/*', '/api/v3/contents/generations/tasks'],
    ['/:model/*.mp4', '/doubao-seedance-2-0/0217.mp4?X-Tos-Expires=86400'],
    ['/', '/'],
    ['/*', '/'],
  ])('%s fits %s', (pattern, path) => expect(fitsPath(pattern, path)).toBe(true));

  test.each([
    [TASK, '/api/v3/contents/generations/tasks'],
    [TASK, '/api/v3/contents/generations/tasks/'],
    [TASK, '/api/v3/contents/generations/tasks/cgt-1/cancel'],
    [TASK, '/API/v3/contents/generations/tasks/cgt-1'],
    ['/api/v3/*', '/api/v3'],
    ['/api/v3/*', '/api/v4/x'],
    ['/:model/*.mp4', '/a/b/c.mp4'],
    ['/a?b', '/a?b'],
  ])('%s does not fit %s', (pattern, path) => expect(fitsPath(pattern, path)).toBe(false));
});

describe('texts', () => {
  test.each([
    ['abc', 'abc'],
    ['*', ''],
    ['a*', 'a'],
    ['*c', 'abc'],
    ['a*c', 'ac'],
    ['a*b*c', 'a1b2b3c'],
    ['*lion*', 'a lion\nat dusk'],
    ['a.c', 'a.c'],
  ])('%s fits %s', (pattern, text) => expect(fitsText(pattern, text)).toBe(true));

  test.each([
    ['abc', 'abcd'],
    ['a*a', 'a'],
    ['a*b*b', 'ab'],
    ['a.c', 'abc'],
    ['', 'a'],
  ])('%s does not fit %s', (pattern, text) => expect(fitsText(pattern, text)).toBe(false));

  test('many stars against a long text that almost fits cost no time', () =>
    expect(fitsText(`${'a*'.repeat(50)}b`, 'a'.repeat(100_000))).toBe(false));
});
