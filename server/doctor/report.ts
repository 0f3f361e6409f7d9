import { printableLine } from '../printable.ts';
import { wrap } from '../verdict/reports/text.ts';
import type { Outcome } from './examination.ts';
import type { DoctorReport, Examined } from './examine.ts';

const labels: Readonly<Record<Outcome, string>> = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' };
/** Escape sequences of a terminal: green, yellow, red. */
const colours: Readonly<Record<Outcome, number>> = { ok: 32, warn: 33, fail: 31 };

type Paint = (outcome: Outcome, text: string) => string;

/** The report for a terminal: a line for each examination, and under it the remedy.
 * @param options colours only where somebody will see them: `stdout.isTTY` */
export function renderDoctorReport(report: DoctorReport, options: { readonly colours?: boolean } = {}): string {
  const { outcome, target, examinations } = report;
  const paint: Paint = (of, text) => (options.colours ? `\u001b[${colours[of]}m${text}\u001b[39m` : text);
  const width = Math.max(0, ...examinations.map(({ name }) => name.length));
  const count = (of: Outcome) => examinations.filter((one) => one.outcome === of).length;
  const lines = [
    printableLine(target ?? 'this machine'),
    '',
    ...examinations.flatMap((examined) => renderOne(examined, width, paint)),
    '',
    `${paint(outcome, labels[outcome].trim())}: ${count('ok')} ok, ${count('warn')} to look at, ${count('fail')} failed`,
  ];
  return `${lines.join('\n')}\n`;
}

function renderOne({ name, outcome, seen, remedy }: Examined, width: number, paint: Paint): string[] {
  const indent = ' '.repeat(width + 2);
  const [head = '', ...rest] = wrap(`${name.padEnd(width)}  ${seen}`, '', indent);
  const told = remedy === undefined ? [] : wrap(`-> ${remedy}`, indent, `${indent}   `);
  const margin = ' '.repeat(labels[outcome].length + 1);
  return [`${paint(outcome, labels[outcome])} ${head}`, ...[...rest, ...told].map((line) => `${margin}${line}`)];
}
