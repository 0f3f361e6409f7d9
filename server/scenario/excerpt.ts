import { printableText } from '../printable.ts';

/** Minified JSON has lines without end; the excerpt shows this much around the place. */
const MAX_EXCERPT_CHARACTERS = 120;
const GUTTER = 5;

/** A line of the source with carets under a span of it, as compilers show it. `column` counts from 1. */
export function renderExcerpt(source: string, line: number, column: number, length: number): string {
  const fits = source.length <= MAX_EXCERPT_CHARACTERS;
  const cut = fits ? 0 : Math.max(0, column - MAX_EXCERPT_CHARACTERS / 2);
  const shown = source.slice(cut, cut + MAX_EXCERPT_CHARACTERS);
  const head = cut > 0 ? '…' : '';
  const tail = cut + shown.length < source.length ? '…' : '';

  const start = column - 1 - cut;
  // An escape takes more columns than its character.
  const before = head + printableText(shown.slice(0, start));
  const carets = Math.max(1, printableText(shown.slice(start, start + length)).length);
  // Tabs stay tabs, so that the caret stands where the terminal puts the text.
  const pad = before.replace(/[^\t]/g, ' ');
  return [
    `${String(line).padStart(GUTTER)} | ${head}${printableText(shown)}${tail}`,
    `${' '.repeat(GUTTER)} | ${pad}${'^'.repeat(carets)}`,
  ].join('\n');
}
