import { problem, reasonOf, UsageError } from '../errors.ts';
import { printableLine, printableText } from '../printable.ts';
import type { RetrialSetting } from '../recording/retrial.ts';
import { type ReportFormat, reportFormats } from '../verdict/reports/formats.ts';
import { exitCodes, type VerdictReport } from '../verdict/verdict.ts';
import type { Output } from './output.ts';

/** Events that a picture is drawn from. */
const EVENTS_SHOWN = 20_000;

export interface RecordedReportOptions {
  readonly record: string;
  readonly lane: string;
  readonly until: RetrialSetting['until'];
  readonly format: ReportFormat;
}

/** `seedance-mock report --record DIR`: judges a recording again.
 * @throws UsageError when it cannot be judged
 * @returns the exit code of the verdict: 0 good, 1 failed, 3 inconclusive */
export async function runRecordedReport(
  { record: folder, lane, until, format }: RecordedReportOptions,
  { stdout, stderr }: Output,
): Promise<number> {
  const { retry } = await import('../recording/retrial.ts');
  const { report, events, notes } = await retry({ folder, lane, until, events: format === 'html' ? EVENTS_SHOWN : 0 });
  stdout.write(await reportFormats[format].render({ report, events }));
  for (const note of notes) stderr.write(`${printableLine(note)}\n`);
  return exitCodes[report.outcome];
}

/** `seedance-mock report --admin URL`: fetches the verdict of a server that runs.
 * @throws UsageError when there is no such server
 * @returns the exit code of the verdict: 0 good, 1 failed, 3 inconclusive */
export async function runReport(
  { admin, format, token, final = false }: { admin: string; format: ReportFormat; token?: string; final?: boolean },
  { stdout }: Pick<Output, 'stdout'> = process,
): Promise<number> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const isFinal = final || format === 'junit';
  const fetchReport = async (wanted: ReportFormat) => {
    const answer = await fetch(`${admin.replace(/\/+$/, '')}/report?format=${wanted}${isFinal ? '&final=true' : ''}`, {
      headers,
    });
    const text = await answer.text();
    if (answer.ok) return text;
    const isProblem = answer.headers.get('content-type')?.startsWith('application/problem+json');
    const why = isProblem ? `: ${(JSON.parse(text) as { readonly title: string }).title.replace(/\.$/, '')}` : '';
    throw new Error(`it answered ${answer.status}${why}`);
  };
  try {
    // The text comes from another server, which may be any server.
    stdout.write(printableText(await fetchReport(format)));
    const { outcome } = JSON.parse(await fetchReport('json')) as VerdictReport;
    return exitCodes[outcome];
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${reasonOf(error.cause)}` : '';
    const wayOut =
      token === undefined && reasonOf(error).includes('401')
        ? 'Send its token with `--admin-token`.'
        : '`seedance-mock serve` prints the address.';
    const expected = `No report can be had there (${reasonOf(error)}${cause}). ${wayOut}`;
    throw new UsageError([problem('INVALID_OPTION', { option: '--admin', given: admin, expected })]);
  }
}
