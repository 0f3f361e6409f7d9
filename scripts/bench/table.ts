import type { Row } from './figure.ts';

const HEAD = ['figure', 'ours', 'rival', 'ratio', 'target', ''] as const;
const NONE = '-';

/** The rows as a table for a terminal. */
export function renderTable(rows: readonly Row[]): string {
  const lines = [
    HEAD,
    ...rows.map(({ figure, ours, rival = NONE, between = NONE, target, met }) => [
      figure,
      ours,
      rival,
      between,
      target,
      met ? 'ok' : 'NOT OK',
    ]),
  ];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
