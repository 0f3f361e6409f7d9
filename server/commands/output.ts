export interface Writer {
  write(text: string): unknown;
  /** Whether it is a terminal, which shows colours. */
  readonly isTTY?: boolean;
}

/** Where a command writes; a test hands in its own. */
export interface Output {
  readonly stdout: Writer;
  readonly stderr: Writer;
}

/** The process that a command runs in, when it has to know of interruptions; `process` is one, and a test makes one up. */
export interface Host extends Output {
  on(signal: Interruption, listener: () => void): unknown;
  once(signal: Interruption, listener: () => void): unknown;
}

type Interruption = 'SIGINT' | 'SIGTERM';

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
