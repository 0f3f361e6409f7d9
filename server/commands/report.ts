import { problem, reasonOf, UsageError } from '../errors.ts';
import { printableText } from '../printable.ts';
import type { ReportFormat } from '../verdict/reports/formats.ts';
import { exitCodes, type VerdictReport } from '../verdict/verdict.ts';
import type { Output } from './output.ts';

/** `seedance-mock report --admin URL`: fetches the verdict of a server that runs.
 * @throws UsageError when there is no such server
 * @returns the exit code of the verdict: 0 good, 1 failed, 3 inconclusive */
export async function runReport(
  { admin, format, token }: { admin: string; format: ReportFormat; token?: string },
  { stdout }: Pick<Output, 'stdout'> = process,
): Promise<number> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const fetchReport = async (wanted: ReportFormat) => {
    const answer = await fetch(`${admin.replace(/\/+$/, '')}/report?format=${wanted}`, { headers });
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
    const expected = `No report can be had there (${reasonOf(error)}${cause}). \`seedance-mock serve\` prints the address.`;
    throw new UsageError([problem('INVALID_OPTION', { option: '--admin', given: admin, expected })]);
  }
}
