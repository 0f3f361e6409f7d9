import { printableLine } from '../printable.ts';

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

/** The process that a command runs in, as far as its end is concerned; a test makes one up. */
export interface Host extends Output {
  /** Calls `listener` at each SIGINT and SIGTERM; without one they end the process. */
  onSignal(listener: () => void): void;
  /** Calls `listener` with each error that nothing caught; without one it ends the process. */
  onUncaught(listener: (error: unknown) => void): void;
  /** Ends the process at once, whatever is still open in it. */
  exit(code: number): void;
}

/** Columns of equal width, two spaces apart. */
export function renderColumns(cells: readonly (readonly string[])[]): string {
  const rows = cells.map((row) => row.map(printableLine));
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
