import { printableLine } from '../../printable.ts';
import type { Outcome } from '../check.ts';
import {
  type CheckResult,
  type ClientResult,
  describeClients,
  describeRun,
  forReaders,
  SO_FAR,
  type VerdictReport,
} from '../verdict.ts';

/** A report fits a terminal of this width. */
export const COLUMNS = 100;

const EVENTS_SHOWN = 6;

type Paint = (text: string) => string;

/** Escape sequences for a terminal; elsewhere the text stays plain. */
const paints: Readonly<Record<Outcome, Paint>> = {
  pass: (text) => `\u001b[32m${text}\u001b[39m`,
  fail: (text) => `\u001b[31m${text}\u001b[39m`,
  inconclusive: (text) => `\u001b[33m${text}\u001b[39m`,
};
const plain: Paint = (text) => text;

const labels: Readonly<Record<Outcome, string>> = { pass: 'pass', fail: 'FAIL', inconclusive: '????' };

/** The verdict for a terminal.
 * @param colours only where somebody will see them: `stdout.isTTY` */
export function renderTextReport(report: VerdictReport, { colours = false } = {}): string {
  const { scenario, seed, outcome, checks, means } = report;
  const paint = (of: Outcome) => (colours ? paints[of] : plain);
  const lines = [
    ...wrap(`scenario "${scenario}", seed ${seed}`, ''),
    ...describeClients(report).flatMap((line) => wrap(line, line.startsWith('->') ? '    ' : '  ', '    ')),
    ...describeRun(report).flatMap((line) => wrap(line, '  ', '    ')),
    '',
    ...checks.flatMap((result) => renderCheck(result, paint)),
    ...(checks.length === 0
      ? wrap('The scenario expects nothing: say under `expect:` what a client must do.', '')
      : []),
    '',
    ...wrap(means, ''),
    `${paint(outcome)(outcome === 'fail' ? 'FAIL' : outcome)}: ${countOutcomes(checks)}`,
  ];
  return `${lines.join('\n')}\n`;
}

function renderCheck({ check, expected, outcome, doubt, clients }: CheckResult, paint: (of: Outcome) => Paint) {
  const label = paint(outcome)(labels[outcome]);
  const several = clients.length > 1;
  const { shown, others } = forReaders(clients);
  const told = [...shown.flatMap((client) => renderClient(client, several)), ...others];
  const [head = '', ...rest] = wrap(`${check}  ${told[0] ?? ''}`, '', '     ');
  return [
    `${label} ${head}`,
    ...rest,
    ...told.slice(1).flatMap((line) => wrap(line, '     ')),
    ...(outcome === 'pass' ? [] : wrap(`expected ${expected}`, '     ')),
    ...(doubt === undefined ? [] : wrap(`cannot be told: ${doubt}`, '     ')),
  ];
}

function renderClient(
  { client, seen, events, eventCount, outcome, hint, provisional }: ClientResult,
  several: boolean,
): string[] {
  const shown = outcome === 'fail' ? events.slice(0, EVENTS_SHOWN) : [];
  const more = eventCount > shown.length ? ', ...' : '';
  const proof = shown.length > 0 ? ` (events ${shown.join(', ')}${more})` : '';
  const who = several && client !== undefined ? `${client}: ` : '';
  return [`${who}${seen}${proof}`, ...(provisional ? [SO_FAR] : []), ...(hint === undefined ? [] : [`-> ${hint}`])];
}

function countOutcomes(checks: readonly CheckResult[]): string {
  const count = (outcome: Outcome) => checks.filter((result) => result.outcome === outcome).length;
  return `${count('pass')} passed, ${count('fail')} failed, ${count('inconclusive')} inconclusive`;
}

/** Makes a line printable and breaks it at spaces; a label of five columns comes before it. */
export function wrap(text: string, indent: string, hanging = indent): string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of printableLine(text).split(' ')) {
    if (line.trim() !== '' && line.length + 1 + word.length > COLUMNS - 5) {
      lines.push(line);
      line = `${hanging}${word}`;
    } else line += line.trim() === '' ? word : ` ${word}`;
  }
  return [...lines, line];
}
