interface Writer {
  write(text: string): unknown;
}

/** Where a command writes; a test hands in its own. */
export interface Output {
  readonly stdout: Writer;
  readonly stderr: Writer;
}

/** Columns of equal width, two spaces apart. */
export function renderColumns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}
