import { printableText } from '../../printable.ts';
import type { VerdictReport } from '../verdict.ts';
import { type Steps, Work } from '../work.ts';

/** So many characters are written before others have their turn: it takes some milliseconds. */
const WRITTEN_PER_TURN = 300_000;

/** The verdict for programs, as `JSON.stringify` writes it with an indent of 2. The report on thousands of clients takes seconds:
 * it is written in turns with the service. */
export const renderJsonReport = (report: VerdictReport): Promise<string> => new Work(write(report), 1).inTurns();

function* write(report: VerdictReport): Steps<string> {
  let left = WRITTEN_PER_TURN;
  function* writeValue(value: unknown, indent: string): Steps<string> {
    const written = printableText(JSON.stringify(value, null, 2)).replaceAll('\n', `\n${indent}`);
    left -= written.length;
    if (left > 0) return written;
    left = WRITTEN_PER_TURN;
    yield;
    return written;
  }
  const fields: string[] = [];
  for (const [name, value] of Object.entries(report)) {
    if (value === undefined) continue;
    const isList = Array.isArray(value) && value.length > 0;
    const items: string[] = [];
    for (const item of isList ? value : []) items.push(`    ${yield* writeValue(item, '    ')}`);
    const written = isList ? `[\n${items.join(',\n')}\n  ]` : yield* writeValue(value, '  ');
    fields.push(`  ${JSON.stringify(name)}: ${written}`);
  }
  return `{\n${fields.join(',\n')}\n}\n`;
}
