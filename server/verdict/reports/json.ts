import { printableText } from '../../printable.ts';
import type { VerdictReport } from '../verdict.ts';
import { type Steps, Work } from '../work.ts';

/** The verdict for programs, as `JSON.stringify` writes it with an indent of 2: a check or a client at a time, since the report
 * on thousands of clients takes seconds. */
export const renderJsonReport = (report: VerdictReport): Promise<string> => new Work(write(report), 1).inTurns();

function* write(report: VerdictReport): Steps<string> {
  const fields: string[] = [];
  for (const [name, value] of Object.entries(report)) {
    if (value === undefined) continue;
    const written = yield* Array.isArray(value) && value.length > 0 ? writeList(value) : writeValue(value, '  ');
    fields.push(`  ${JSON.stringify(name)}: ${written}`);
  }
  return `{\n${fields.join(',\n')}\n}\n`;
}

function* writeList(items: readonly unknown[]): Steps<string> {
  const written: string[] = [];
  for (const item of items) written.push(`    ${yield* writeValue(item, '    ')}`);
  return `[\n${written.join(',\n')}\n  ]`;
}

function* writeValue(value: unknown, indent: string): Steps<string> {
  const written = printableText(JSON.stringify(value, null, 2)).replaceAll('\n', `\n${indent}`);
  yield;
  return written;
}
