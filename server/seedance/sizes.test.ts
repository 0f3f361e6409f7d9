import { expect, test } from 'vitest';
import { countTokens } from './sizes.ts';

test.each([
  ['720p', 5, 108_900],
  ['720p', 8, 173_700],
  ['720p', 4, 87_300],
  ['1080p', 5, 245_025],
] as const)('16:9 at %s for %i s costs what was seen live: %i tokens', (resolution, seconds, tokens) => {
  expect(countTokens(resolution, '16:9', 24 * seconds + 1)).toBe(tokens);
});
